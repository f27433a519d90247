"""Where the shop's customers live and where its goods are stored: real cities with their coordinates.

A city is one line: city | region | latitude | longitude | weight | postal pattern. In a pattern `#` stands
for a digit and `@` for a letter; the fixed part is the one that city really has.
"""

from dataclasses import dataclass

# (name, latitude, longitude); the id is the place in the list, from 1.
DISTRIBUTION_CENTERS = (
    ("Louisville KY", 38.2527, -85.7585),
    ("Reno NV", 39.5296, -119.8138),
    ("Dallas TX", 32.7767, -96.7970),
    ("Atlanta GA", 33.7490, -84.3880),
    ("Columbus OH", 39.9612, -82.9988),
    ("Rotterdam", 51.9225, 4.4792),
    ("Leipzig", 51.3397, 12.3731),
    ("Zaragoza", 41.6488, -0.8891),
    ("Campinas", -22.9056, -47.0608),
    ("Osaka", 34.6937, 135.5023),
)


@dataclass(frozen=True)
class City:
    """A city with what an address in it needs."""

    name: str
    region: str
    country: str
    latitude: float
    longitude: float
    postal: str


@dataclass(frozen=True)
class Country:
    """A country: its share of the customers, whose names they bear, and its cities with their weights."""

    name: str
    share: float
    cultures: tuple[tuple[str, float], ...]  # the first one also names the streets
    table: str

    def cities(self) -> list[tuple[City, float]]:
        """The cities of the table with their weights."""
        rows = [line.split("|") for line in self.table.strip().splitlines()]
        return [
            (City(name, region, self.name, float(lat), float(lon), postal), float(weight))
            for name, region, lat, lon, weight, postal in rows
        ]


UNITED_STATES = """
New York|New York|40.7128|-74.0060|8.3|100##
Los Angeles|California|34.0522|-118.2437|3.9|900##
Chicago|Illinois|41.8781|-87.6298|2.7|606##
Houston|Texas|29.7604|-95.3698|2.3|770##
Phoenix|Arizona|33.4484|-112.0740|1.6|850##
Philadelphia|Pennsylvania|39.9526|-75.1652|1.6|191##
San Antonio|Texas|29.4241|-98.4936|1.4|782##
San Diego|California|32.7157|-117.1611|1.4|921##
Dallas|Texas|32.7767|-96.7970|1.3|752##
Austin|Texas|30.2672|-97.7431|1.0|787##
San Francisco|California|37.7749|-122.4194|0.9|941##
Columbus|Ohio|39.9612|-82.9988|0.9|432##
Charlotte|North Carolina|35.2271|-80.8431|0.9|282##
Indianapolis|Indiana|39.7684|-86.1581|0.9|462##
Seattle|Washington|47.6062|-122.3321|0.8|981##
Denver|Colorado|39.7392|-104.9903|0.7|802##
Boston|Massachusetts|42.3601|-71.0589|0.7|021##
Nashville|Tennessee|36.1627|-86.7816|0.7|372##
Portland|Oregon|45.5152|-122.6784|0.6|972##
Detroit|Michigan|42.3314|-83.0458|0.6|482##
Memphis|Tennessee|35.1495|-90.0490|0.6|381##
Atlanta|Georgia|33.7490|-84.3880|0.5|303##
Milwaukee|Wisconsin|43.0389|-87.9065|0.5|532##
Minneapolis|Minnesota|44.9778|-93.2650|0.4|554##
New Orleans|Louisiana|29.9511|-90.0715|0.4|701##
Miami|Florida|25.7617|-80.1918|0.4|331##
Salt Lake City|Utah|40.7608|-111.8910|0.2|841##
Richmond|Virginia|37.5407|-77.4360|0.2|232##
Anchorage|Alaska|61.2181|-149.9003|0.2|995##
Burlington|Vermont|44.4759|-73.2121|0.1|054##
"""

UNITED_KINGDOM = """
London|England|51.5074|-0.1278|8.9|SE# #@@
Birmingham|England|52.4862|-1.8904|1.1|B# #@@
Leeds|England|53.8008|-1.5491|0.8|LS# #@@
Glasgow|Scotland|55.8642|-4.2518|0.6|G# #@@
Manchester|England|53.4808|-2.2426|0.6|M# #@@
Edinburgh|Scotland|55.9533|-3.1883|0.5|EH# #@@
Liverpool|England|53.4084|-2.9916|0.5|L# #@@
Bristol|England|51.4545|-2.5879|0.5|BS# #@@
Cardiff|Wales|51.4816|-3.1791|0.4|CF# #@@
Belfast|Northern Ireland|54.5973|-5.9301|0.3|BT# #@@
"""

CANADA = """
Toronto|Ontario|43.6532|-79.3832|2.9|M5@ #@#
Montréal|Québec|45.5017|-73.5673|1.8|H2@ #@#
Calgary|Alberta|51.0447|-114.0719|1.3|T2@ #@#
Ottawa|Ontario|45.4215|-75.6972|1.0|K1@ #@#
Vancouver|British Columbia|49.2827|-123.1207|0.7|V5@ #@#
Winnipeg|Manitoba|49.8951|-97.1384|0.7|R3@ #@#
Halifax|Nova Scotia|44.6488|-63.5752|0.4|B3@ #@#
"""

AUSTRALIA = """
Sydney|New South Wales|-33.8688|151.2093|5.2|20##
Melbourne|Victoria|-37.8136|144.9631|5.1|30##
Brisbane|Queensland|-27.4698|153.0251|2.5|40##
Perth|Western Australia|-31.9505|115.8605|2.1|60##
Adelaide|South Australia|-34.9285|138.6007|1.4|50##
Hobart|Tasmania|-42.8821|147.3272|0.2|70##
"""

GERMANY = """
Berlin|Berlin|52.5200|13.4050|3.7|10###
Hamburg|Hamburg|53.5511|9.9937|1.8|20###
München|Bayern|48.1351|11.5820|1.5|80###
Köln|Nordrhein-Westfalen|50.9375|6.9603|1.1|50###
Frankfurt am Main|Hessen|50.1109|8.6821|0.8|60###
Stuttgart|Baden-Württemberg|48.7758|9.1829|0.6|70###
Leipzig|Sachsen|51.3397|12.3731|0.6|04###
Bremen|Bremen|53.0793|8.8017|0.6|28###
Hannover|Niedersachsen|52.3759|9.7320|0.5|30###
Freiburg im Breisgau|Baden-Württemberg|47.9990|7.8421|0.2|79###
"""

FRANCE = """
Paris|Île-de-France|48.8566|2.3522|2.1|750##
Marseille|Provence-Alpes-Côte d'Azur|43.2965|5.3698|0.9|130##
Lyon|Auvergne-Rhône-Alpes|45.7640|4.8357|0.5|690##
Toulouse|Occitanie|43.6047|1.4442|0.5|310##
Nice|Provence-Alpes-Côte d'Azur|43.7102|7.2620|0.3|060##
Nantes|Pays de la Loire|47.2184|-1.5536|0.3|440##
Strasbourg|Grand Est|48.5734|7.7521|0.3|670##
Bordeaux|Nouvelle-Aquitaine|44.8378|-0.5792|0.3|330##
"""

SPAIN = """
Madrid|Comunidad de Madrid|40.4168|-3.7038|3.3|280##
Barcelona|Cataluña|41.3851|2.1734|1.6|080##
Valencia|Comunidad Valenciana|39.4699|-0.3763|0.8|460##
Sevilla|Andalucía|37.3891|-5.9845|0.7|410##
Zaragoza|Aragón|41.6488|-0.8891|0.7|500##
Málaga|Andalucía|36.7213|-4.4214|0.6|290##
Bilbao|País Vasco|43.2630|-2.9350|0.3|480##
"""

MEXICO = """
Ciudad de México|Ciudad de México|19.4326|-99.1332|9.2|06###
Guadalajara|Jalisco|20.6597|-103.3496|1.5|44###
Monterrey|Nuevo León|25.6866|-100.3161|1.1|64###
Puebla|Puebla|19.0414|-98.2063|1.5|72###
Mérida|Yucatán|20.9674|-89.5926|0.9|97###
Querétaro|Querétaro|20.5888|-100.3899|0.8|76###
"""

BRAZIL = """
São Paulo|São Paulo|-23.5505|-46.6333|12.3|01###-###
Rio de Janeiro|Rio de Janeiro|-22.9068|-43.1729|6.7|20###-###
Brasília|Distrito Federal|-15.7939|-47.8828|3.0|70###-###
Salvador|Bahia|-12.9777|-38.5016|2.9|40###-###
Fortaleza|Ceará|-3.7319|-38.5267|2.7|60###-###
Belo Horizonte|Minas Gerais|-19.9167|-43.9345|2.5|30###-###
Manaus|Amazonas|-3.1190|-60.0217|2.2|69###-###
Curitiba|Paraná|-25.4284|-49.2733|1.9|80###-###
Recife|Pernambuco|-8.0476|-34.8770|1.6|50###-###
Porto Alegre|Rio Grande do Sul|-30.0346|-51.2177|1.5|90###-###
"""

ITALY = """
Roma|Lazio|41.9028|12.4964|2.8|001##
Milano|Lombardia|45.4642|9.1900|1.4|201##
Napoli|Campania|40.8518|14.2681|0.9|801##
Torino|Piemonte|45.0703|7.6869|0.9|101##
Bologna|Emilia-Romagna|44.4949|11.3426|0.4|401##
Firenze|Toscana|43.7696|11.2558|0.4|501##
Palermo|Sicilia|38.1157|13.3615|0.6|901##
"""

NETHERLANDS = """
Amsterdam|Noord-Holland|52.3676|4.9041|0.9|10## @@
Rotterdam|Zuid-Holland|51.9225|4.4792|0.7|30## @@
Den Haag|Zuid-Holland|52.0705|4.3007|0.5|25## @@
Utrecht|Utrecht|52.0907|5.1214|0.4|35## @@
Groningen|Groningen|53.2194|6.5665|0.2|97## @@
"""

JAPAN = """
Tokyo|Tokyo|35.6762|139.6503|9.7|150-00##
Yokohama|Kanagawa|35.4437|139.6380|3.8|220-00##
Osaka|Osaka|34.6937|135.5023|2.7|530-00##
Nagoya|Aichi|35.1815|136.9066|2.3|460-00##
Sapporo|Hokkaido|43.0618|141.3545|2.0|060-00##
Fukuoka|Fukuoka|33.5904|130.4017|1.6|810-00##
Kyoto|Kyoto|35.0116|135.7681|1.5|600-80##
Sendai|Miyagi|38.2682|140.8694|1.1|980-08##
"""

INDIA = """
Mumbai|Maharashtra|19.0760|72.8777|12.4|4000##
Delhi|Delhi|28.6139|77.2090|11.0|1100##
Bengaluru|Karnataka|12.9716|77.5946|8.4|5600##
Hyderabad|Telangana|17.3850|78.4867|6.8|5000##
Chennai|Tamil Nadu|13.0827|80.2707|4.6|6000##
Kolkata|West Bengal|22.5726|88.3639|4.5|7000##
Pune|Maharashtra|18.5204|73.8567|3.1|4110##
"""

COUNTRIES = (
    Country(
        "United States",
        0.34,
        (("english", 0.68), ("spanish", 0.16), ("indian", 0.05), ("italian", 0.06), ("japanese", 0.05)),
        UNITED_STATES,
    ),
    Country("United Kingdom", 0.11, (("english", 0.9), ("indian", 0.1)), UNITED_KINGDOM),
    Country("Brazil", 0.10, (("portuguese", 0.9), ("italian", 0.1)), BRAZIL),
    Country("Germany", 0.09, (("german", 0.95), ("italian", 0.05)), GERMANY),
    Country("France", 0.07, (("french", 0.94), ("portuguese", 0.06)), FRANCE),
    Country("Japan", 0.06, (("japanese", 1.0),), JAPAN),
    Country("Spain", 0.05, (("spanish", 1.0),), SPAIN),
    Country("Canada", 0.05, (("english", 0.68), ("french", 0.24), ("indian", 0.08)), CANADA),
    Country("Australia", 0.04, (("english", 0.92), ("italian", 0.08)), AUSTRALIA),
    Country("Mexico", 0.03, (("spanish", 1.0),), MEXICO),
    Country("Italy", 0.03, (("italian", 1.0),), ITALY),
    Country("Netherlands", 0.02, (("dutch", 0.93), ("german", 0.07)), NETHERLANDS),
    Country("India", 0.01, (("indian", 1.0),), INDIA),
)
