"""Words of shoppers and what they mean to the catalogue: German articles of clothing, colours, departments. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from chalicelib.conversations.assistant.local.wording import words_of


def _pairs(text: str) -> Mapping[str, str]:
    """Read lines of "a b c = english words"; each word on the left, folded, means what stands on the right."""
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        words, _, meaning = line.partition("=")
        found.update(dict.fromkeys(words_of(words), meaning.strip()))
    return found


# What German shoppers call things, and the catalogue's word for it.
GERMAN: Mapping[str, str] = _pairs(
    """
    hose hosen = pants
    jeanshose jeanshosen bluejeans = jeans
    kurze kurzehose shorts bermudas = shorts
    kleid kleider kleidchen = dress
    abendkleid abendkleider ballkleid = evening gown
    cocktailkleid cocktailkleider = cocktail dress
    sommerkleid sommerkleider = sundress
    rock rocke röcke = skirt
    minirock = mini skirt
    bluse blusen = blouse
    hemd hemden oberhemd businesshemd = shirt
    tshirt tshirts t-shirt t-shirts shirts = tee
    poloshirt polohemd = polo
    pulli pullis pullover pullovern strickpullover = sweater
    strickjacke strickjacken cardigan = cardigan
    rollkragenpullover rolli rollkragen = turtleneck
    kapuzenpulli kapuzenpullover kapuzenpullis hoodie hoodies = hoodie
    sweatshirt sweatshirts = sweatshirt
    jacke jacken = jacket
    regenjacke regenjacken = rain jacket
    daunenjacke steppjacke winterjacke daunenjacken winterjacken = puffer jacket
    bomberjacke = bomber jacket
    mantel mäntel wintermantel = coat
    trenchcoat = trench coat
    weste westen = vest
    anzug anzüge = suit
    sakko sakkos = sport coat
    blazer = blazer
    socke socken söckchen = socks
    kniestrümpfe = knee socks
    strumpfhose strumpfhosen = tights
    unterhose unterhosen schlüpfer = briefs
    boxershorts = boxers
    unterhemd unterhemden = undershirt
    unterwäsche = underwear
    bh bhs büstenhalter = bra
    schlafanzug schlafanzüge pyjama pyjamas = pajama
    bademantel bademäntel morgenmantel = robe
    nachthemd nachthemden = sleep shirt
    badeanzug badeanzüge = swimsuit
    badehose badehosen = swim trunks
    bikini bikinis = bikini
    bademode schwimmsachen = swim
    leggins leggings = leggings
    jogginghose jogginghosen trainingshose = joggers
    sporthose = running shorts
    sportbh = sports bra
    sportkleidung sportsachen sportbekleidung = active
    overall overalls jumpsuit = jumpsuit
    schuh schuhe = shoes
    turnschuh turnschuhe sneaker sneakers = sneakers
    laufschuh laufschuhe = runners
    stiefel = boots
    stiefelette stiefeletten = ankle boots
    sandale sandalen = sandals
    pumps stöckelschuhe = pumps
    ballerinas ballerina = ballet flats
    halbschuhe = oxfords
    slipper = loafers
    tasche taschen = bag
    handtasche handtaschen umhängetasche umhängetaschen = crossbody bag
    rucksack rucksäcke = backpack
    reisetasche reisetaschen = weekender
    einkaufstasche shopper = tote
    gürteltasche bauchtasche = belt bag
    gürtel = belt
    geldbeutel geldbörse portemonnaie brieftasche = wallet
    kartenetui = card holder
    schlüsselanhänger = key fob
    mütze mützen = beanie
    schal schals = scarf
    halstuch = neck scarf
    handschuh handschuhe = gloves
    stirnband = headband
    sonnenbrille sonnenbrillen = sunglasses
    lesebrille = readers
    einstecktuch = pocket square
    umstandsmode schwangerschaft schwangere umstandskleidung = maternity
    accessoires zubehör = accessories
    baumwolle baumwoll = cotton
    wolle woll = wool
    leinen = linen
    seide seiden = silk
    leder = leather
    wildleder = suede
    kaschmir = cashmere
    samt = velvet
    spitze = lace
    fleece = fleece
    jeansstoff = denim
    cord = corduroy
    flanell = flannel
    gestreift gestreifte gestreiftes gestreiften = striped
    kariert karierte kariertes karierten = plaid
    geblümt geblümtes geblümte blumenmuster = floral
    gefüttert gefütterte gefütterter = lined
    wasserdicht wasserdichte wasserfest = waterproof
    gerippt gerippte = ribbed
    plissiert plissierter = pleated
    """
)

# English words that the catalogue spells otherwise.
ENGLISH: Mapping[str, str] = _pairs(
    """
    trainers trainer = sneakers
    pullover pullovers jumper jumpers = sweater
    trousers = trousers
    tshirt tshirts = tee
    pyjamas pyjama pjs pajamas = pajama
    purse purses handbag handbags = bag
    swimsuits bathing = swimsuit
    rucksack = backpack
    tuxedo = suit
    hat hats = beanie
    undies = underwear
    panties = briefs
    parkas = parka
    gym workout sportswear = active
    swimwear = swim
    jackets = jacket
    """
)

# The catalogue's words for what people wear, each alone.
MEANINGS = frozenset(word for meaning in (*GERMAN.values(), *ENGLISH.values()) for word in meaning.split())

_MATERIALS = frozenset(
    words_of(
        "cotton wool linen silk leather suede cashmere velvet lace fleece denim corduroy flannel "
        "striped plaid floral lined waterproof ribbed pleated"
    )
)
# Those of them that are kinds of things, not what things are made of or look like.
KINDS = MEANINGS - _MATERIALS

# Pictures of what is wanted.
_SIGNS: Mapping[str, str] = {
    "👟": "sneakers", "👞": "shoes", "🥾": "boots", "👢": "boots", "👠": "pumps",
    "🩰": "ballet flats", "👡": "sandals", "👗": "dress", "👖": "jeans", "👕": "tee",
    "👔": "dress shirt", "🧥": "coat", "🧦": "socks", "👜": "bag", "👛": "wallet", "🎒": "backpack",
    "🩳": "shorts", "👙": "bikini", "🩱": "swimsuit", "🧣": "scarf", "🧤": "gloves",
    "🕶": "sunglasses", "🛒": "cart", "📦": "parcel",
}  # fmt: skip


def read_signs(text: str) -> str:
    """Return a text with words in place of pictures, each once."""
    for sign, word in _SIGNS.items():
        if sign in text:
            text = text.replace(sign, " ") if word in text.lower() else text.replace(sign, f" {word} ")
    return text


# A colour by its family: what people ask for, in both languages, and the words of names that show it.
_COLOUR_FAMILIES = """
blue blau blaue blauen blauer blaues = Blue, Navy, Indigo, Cobalt, Sky, Midnight, Peacock, Turquoise
navy marineblau marine dunkelblau dunkelblaue dunkelblaues = Navy, Midnight, Indigo
red rot rote roten roter rotes = Red, Ruby, Burgundy, Oxblood, Rust, Coral
burgundy weinrot bordeaux = Burgundy, Oxblood, Plum
green grün grüne grünen grüner grünes = Green, Olive, Forest, Moss, Mint, Emerald, Sage
olive oliv khaki = Olive, Moss
black schwarz schwarze schwarzen schwarzer schwarzes = Black
white weiß weiße weißen weißer weißes weiss weisse = White, Ivory, Ecru, Bone
cream beige creme ivory = Ivory, Ecru, Oatmeal, Sand, Bone, Camel
grey gray grau graue grauen grauer graues = Grey, Charcoal, Slate, Stone, Gunmetal
brown braun braune braunen brauner braunes = Brown, Chocolate, Camel, Cognac, Tan, Chestnut, Espresso
tan hellbraun = Tan, Camel, Cognac
pink rosa rosafarben = Pink, Rose, Fuchsia, Coral
purple violet lila violett = Plum, Lilac, Lavender
yellow gelb gelbe gelben gelber gelbes = Sunflower, Lemon, Honey
orange orangefarben = Tangerine, Rust, Coral
turquoise türkis türkise = Turquoise, Peacock
gold golden goldene = Gold, Honey
silver silber silbern silberne = Gunmetal, Grey
"""
COLOURS: Mapping[str, tuple[str, ...]] = {
    word: tuple(name.strip() for name in names.split(",")) for word, names in _pairs(_COLOUR_FAMILIES).items()
}

# Departments by the words for the people that they are for: matched with the shop's own names of them.
DEPARTMENTS: Mapping[str, str] = _pairs(
    """
    women womens woman womans ladies lady female girls damen dame frau frauen weiblich mädchen = women
    men mens man mans guys gentlemen male boys herren herr mann männer männlich jungs = men
    kids children child kinder kind = kids
    """
)
# For whom a present may be: says the department.
PEOPLE: Mapping[str, str] = _pairs(
    """
    wife girlfriend mother mom mum sister daughter grandma her = women
    ehefrau freundin mutter mama schwester tochter oma = women
    husband boyfriend father dad brother son grandpa him ehemann freund vater papa bruder sohn opa = men
    """
)

# Said of what is wanted, and found in no name.
FILLERS = frozenset(
    words_of(
        """
        fits cart basket add put take order orders parcel package return back status refund even again after before
        a an the some any of for with in on at to and or but i im ive id me my mine you your we our us it its is are
        was be do does did have has had got get give can could would will shall should may might want wants need
        needs like looking look search searching find finding show see buy buying purchase order please pls plz hi
        hello hey thanks there here this that these those one ones something anything stuff thing things item items
        product products what which who where when how much many more less other others another else also just
        really very quite maybe perhaps well so ok okay now today new from by about around approx under over below
        above than between not no dont without only still then too them they him her his hers want wanna gonna lets
        let if all every each good nice great best cool pretty beautiful cute lovely decent really stylish trendy
        fashionable style color colour colored coloured clothes clothing clothe wear wearing outfit gift present
        birthday christmas selling sell sells sold carry available availability stock currently budget price prices
        priced cost costs costing cheap cheaper cheapest expensive affordable dollars dollar usd eur euro euros
        bucks max maximum min minimum least most up shop store pair pairs guys whats wheres hows got u r ur brand
        department category section sort sorted limit limits page next previous first second third last both anyway
        instead

        ein eine einen einem einer eines der die das den dem des ich mir mich mein meine meinen meiner du dein deine
        sie ihr ihre ihren ihnen wir uns unser es ist sind war sei bin hast habt haben hat habe hab gibt gibts gab
        kann können könnt könnte könntest möchte möchten möcht mag will wollen würde würden brauche brauch brauchen
        benötige suche such suchen sucht finde finden zeig zeige zeigen zeigst zeigt kaufen bestellen hätte hätten
        gern gerne bitte danke hallo hi hey moin servus guten tag morgen abend und oder aber mit ohne für fürs in im
        auf an am zu zum zur von vom bei aus nach über unter bis ab etwas was welche welcher welches welchen wo wann
        wie viel viele mehr weniger andere anderen anderes anderer noch auch nur mal so dann denn da hier dort diese
        dieser dieses diesen jene eins artikel produkt produkte sachen sache ding dinge klamotten kleidung mode
        bekleidung gut gute guten gutes schön schöne schönen schönes schick schicke schickes hübsch hübsche toll
        tolle tolles neu neue neues neuen günstig günstige günstiges günstigen günstiger billig billige billiger
        billigste teuer teure geschenk geburtstag weihnachten marke farbe größe preis preise kostet kosten lager
        vorrätig verfügbar lieferbar höchstens maximal mindestens weniger als zwischen euro dollar nicht kein keine
        keinen nein ja ok okay paar mal irgendwas irgendein irgendeine sowas ähnliches alle alles jede jeder nächste
        letzte erste zweite dritte sortieren sortiert seite wieder lieber statt vielleicht eigentlich denn halt eben
        führt führen verkauft
        """
    )
)
