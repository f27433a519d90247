"""What the shop sells: categories with their share of the range, price, season and vocabulary.

A vocabulary is a comma separated list; `Cashmere:1.9` is a word that multiplies the price by 1.9.
Everything here is invented for the sample shop.
"""

from dataclasses import dataclass

WOMEN, MEN = "Women", "Men"

NEUTRALS = (
    "Black, White, Ivory, Charcoal, Heather Grey, Navy, Camel, Olive, Burgundy, Chocolate, Oatmeal, Slate, "
    "Forest, Rust, Dusty Rose, Midnight, Sand, Moss, Plum, Stone"
)
BRIGHTS = (
    "Black, White, Navy, Coral, Turquoise, Sunflower, Fuchsia, Cobalt, Mint, Lilac, Tangerine, Palm Print, "
    "Nautical Stripe, Emerald, Ruby, Sky, Lemon, Peacock"
)
DENIM = "Indigo, Light Wash, Mid Wash, Dark Rinse, Black, Ecru, Faded Grey, Vintage Blue, Raw Blue, Stonewash"
LEATHERS = "Black, Cognac, Tan, Chestnut, Oxblood, Navy, Espresso, Bone, Taupe, Bottle Green"


@dataclass(frozen=True)
class Line:
    """One kind of article of a category: every style goes with every fabric and every noun."""

    styles: str
    fabrics: str
    nouns: str
    colours: str = NEUTRALS
    only: str = ""  # a department, when the other one does not carry the line


@dataclass(frozen=True)
class Category:
    """A category: shares per department, median price in dollars, `peak` month and `swing` of demand."""

    name: str
    women: float
    men: float
    price: float
    peak: float
    swing: float
    lines: tuple[Line, ...]


CATEGORIES = (
    Category("Jeans", 7, 9, 68, 9.5, 0.2, (
        Line("Slim, Straight, Relaxed, Tapered, Bootcut, Loose",
             "Stretch, Selvedge:1.5, Rigid, Washed:0.9, Organic Denim:1.15, Recycled Denim",
             "Jeans, 5-Pocket Jeans, Carpenter Jeans, Cropped Jeans", DENIM),
        Line("High-Rise, Mid-Rise, Curvy, Wide-Leg, Flared", "Stretch, Rigid, Power-Stretch:1.1, Distressed",
             "Jeans, Ankle Jeans, Boyfriend Jeans, Skinny Jeans", DENIM, WOMEN),
    )),
    Category("Tops & Tees", 11, 13, 27, 6, 0.3, (
        Line("Relaxed, Fitted, Boxy, Classic, Striped, Heavyweight:1.2",
             "Cotton, Slub, Pima:1.3, Jersey:0.9, Linen Blend:1.3, Modal",
             "Crew Tee, V-Neck Tee, Long-Sleeve Tee, Henley:1.2, Pocket Tee"),
        Line("Cropped, Draped, Ruffled, Wrap, Smocked", "Cotton, Silk:2.4, Satin:1.3, Chiffon:1.2, Viscose",
             "Blouse:1.3, Camisole:0.8, Tank:0.7, Peplum Top:1.1", NEUTRALS, WOMEN),
        Line("Slim, Classic, Tipped, Sport", "Pique, Pima:1.3, Jersey, Merino:2", "Polo:1.3, Rugby Shirt:1.7",
             NEUTRALS, MEN),
    )),
    Category("Dresses", 9, 0, 72, 6, 0.45, (
        Line("Wrap, Tiered, Fit-and-Flare, A-Line, Slip, Belted, Floral, Smocked",
             "Cotton:0.9, Linen:1.2, Jersey:0.8, Silk:2.2, Crepe, Satin:1.1, Chiffon",
             "Mini Dress:0.9, Midi Dress, Maxi Dress:1.15, Shirt Dress, Sundress:0.8", BRIGHTS),
        Line("Sequined, Draped, Off-Shoulder, Pleated", "Velvet:1.2, Satin, Lace:1.1, Crepe",
             "Cocktail Dress:1.4, Evening Gown:2.2, Sheath Dress:1.2"),
    )),
    Category("Sweaters", 6, 6, 62, 12, 0.8, (
        Line("Cable, Ribbed, Relaxed, Fair Isle, Waffle, Chunky:1.1, Fitted",
             "Merino:1.3, Cashmere:2.3, Lambswool:1.2, Cotton:0.9, Alpaca:1.6, Wool Blend",
             "Crew Sweater, V-Neck Sweater, Cardigan:1.1, Turtleneck, Quarter-Zip:1.1, Sweater Vest:0.8"),
    )),
    Category("Hoodies & Sweatshirts", 5, 7, 52, 11, 0.45, (
        Line("Oversized, Classic, Zip-Up, Washed, Cropped, Logo, Heavyweight:1.2",
             "Fleece, French Terry, Organic Cotton:1.2, Brushed Cotton, Sherpa:1.3",
             "Hoodie, Crew Sweatshirt:0.9, Half-Zip:1.1, Pullover"),
    )),
    Category("Outerwear & Coats", 5, 6, 148, 11.5, 1.0, (
        Line("Quilted, Hooded, Packable, Waterproof:1.2, Insulated:1.2",
             "Down:1.4, Recycled Nylon, Softshell:0.9, Waxed Cotton:1.2, Ripstop:0.8",
             "Parka:1.3, Puffer Jacket, Rain Jacket:0.8, Anorak:0.9, Bomber Jacket, Gilet:0.7"),
        Line("Tailored, Double-Breasted, Belted, Longline",
             "Wool:1.3, Cashmere Blend:2, Boucle:1.3, Gabardine",
             "Overcoat:1.4, Trench Coat:1.2, Peacoat:1.2, Duffle Coat:1.2"),
    )),
    Category("Active", 6, 6, 44, 1.5, 0.35, (
        Line("Seamless, Compression:1.2, Lightweight, Reflective, Breathable",
             "Mesh, Performance Knit, Merino Blend:1.5, Quick-Dry",
             "Training Tee:0.8, Running Tights:1.2, Track Jacket:1.6, Joggers:1.2, Tank:0.7", BRIGHTS),
        Line("Lined, Split-Hem, 2-in-1:1.2", "Mesh, Ripstop, Stretch-Woven",
             '5" Running Shorts, 7" Training Shorts', BRIGHTS),
        Line("High-Support:1.2, Strappy, Longline", "Recycled Nylon, Performance Knit",
             "Sports Bra, Yoga Top", BRIGHTS, WOMEN),
    )),
    Category("Swim", 5, 4, 46, 7, 1.3, (
        Line("Ruched, Halter, Bandeau, Scoop-Back, High-Leg", "Ribbed, Recycled Nylon, Textured, Crochet:1.2",
             "One-Piece Swimsuit:1.4, Bikini Top:0.8, Bikini Bottom:0.7, Tankini, Cover-Up", BRIGHTS, WOMEN),
        Line("Printed, Classic, Drawstring, Quick-Dry", "Stretch, Recycled Nylon, Microfibre",
             'Swim Trunks, 9" Board Shorts, Swim Briefs:0.7, Rash Guard', BRIGHTS, MEN),
    )),
    Category("Shorts", 4, 5, 38, 6.8, 1.0, (
        Line("Pleated, Flat-Front, Relaxed, Cargo, Drawstring, Cuffed",
             "Chino, Linen:1.2, Denim:1.1, Twill, Seersucker, Corduroy",
             'Shorts, 5" Shorts, 7" Shorts, Bermuda Shorts'),
    )),
    Category("Sleep & Lounge", 4, 3, 42, 12, 0.5, (
        Line("Piped, Striped, Relaxed, Plaid, Brushed", "Flannel, Modal:1.2, Silk:2.6, Cotton, Bamboo:1.2",
             "Pajama Set:1.4, Lounge Pants, Robe:1.4, Sleep Shirt:0.8, Lounge Hoodie"),
    )),
    Category("Accessories", 8, 7, 26, 12, 0.4, (
        Line("Woven, Reversible, Slim, Classic", "Leather:1.4, Suede:1.3, Canvas:0.8, Vegan Leather",
             "Belt:1.2, Card Holder, Wallet:1.6, Key Fob:0.5", LEATHERS),
        Line("Ribbed, Cable, Fringed, Lined", "Wool, Cashmere:2.5, Cotton:0.8, Alpaca:1.6",
             "Beanie, Scarf:1.4, Gloves:1.2, Headband:0.6"),
        Line("Round, Aviator, Square, Oversized", "Acetate, Metal, Bio-Acetate:1.3",
             "Sunglasses:2.6, Readers:1.4", "Black, Tortoise, Honey, Gunmetal, Gold, Crystal"),
        Line("Printed, Hand-Rolled:1.3, Checked", "Silk:1.6, Cotton, Linen",
             "Bandana:0.6, Pocket Square, Neck Scarf:1.3", BRIGHTS),
    )),
    Category("Shoes", 7, 7, 88, 9.5, 0.2, (
        Line("Low-Top, Retro, Platform, Minimal, Trail", "Leather:1.3, Canvas:0.7, Suede:1.2, Knit",
             "Sneakers, Slip-Ons:0.9, Runners:1.1"),
        Line("Chelsea, Lace-Up, Lug-Sole", "Leather:1.2, Suede, Nubuck", "Boots:1.5, Ankle Boots:1.4",
             LEATHERS),
        Line("Pointed, Block-Heel, Slingback, Strappy", "Leather:1.2, Suede, Satin",
             "Pumps, Sandals:0.8, Ballet Flats:0.8, Mules:0.9", LEATHERS, WOMEN),
        Line("Cap-Toe, Penny, Monk-Strap", "Leather, Suede, Calfskin:1.4",
             "Oxfords:1.3, Loafers:1.2, Derbies:1.2", LEATHERS, MEN),
    )),
    Category("Bags", 4, 3, 78, 11.5, 0.25, (
        Line("Everyday, Structured, Slouchy, Mini:0.8, Convertible",
             "Leather:1.5, Canvas:0.7, Recycled Nylon:0.8, Suede:1.4",
             "Tote, Crossbody Bag, Backpack, Weekender:1.5, Belt Bag:0.6", LEATHERS),
    )),
    Category("Blazers & Jackets", 3, 0, 104, 9.5, 0.3, (
        Line("Double-Breasted, Cropped, Relaxed, Longline, Collarless",
             "Wool:1.3, Linen, Tweed:1.2, Ponte:0.8, Leather:2.2", "Blazer, Jacket, Moto Jacket:1.2"),
    )),
    Category("Intimates", 6, 0, 32, 2, 0.2, (
        Line("Seamless, Wireless, Balconette, Plunge, T-Shirt", "Lace:1.1, Microfibre, Cotton, Mesh",
             "Bra, Bralette:0.8, Bodysuit:1.4"),
        Line("High-Waist, Cheeky, Bikini, Hipster", "Lace, Modal, Cotton, Microfibre",
             "Brief:0.4, Thong:0.4, Briefs (3-Pack):0.9"),
    )),
    Category("Skirts", 3, 0, 52, 6.5, 0.4, (
        Line("Pleated, A-Line, Wrap, Pencil, Tiered, Button-Front",
             "Denim, Satin:1.1, Linen:1.1, Wool Blend:1.3, Corduroy, Faux Leather:1.2",
             "Mini Skirt:0.85, Midi Skirt, Maxi Skirt:1.1"),
    )),
    Category("Pants & Capris", 4, 0, 58, 5, 0.2, (
        Line("Wide-Leg, Cropped, Pleated, Pull-On, Tailored, Paperbag",
             "Linen:1.1, Crepe, Ponte, Twill:0.9, Tencel", "Trousers:1.1, Pants, Capris:0.85, Culottes"),
    )),
    Category("Leggings", 3, 0, 34, 1, 0.35, (
        Line("High-Rise, Sculpting:1.2, Pocket, Flared, Fleece-Lined:1.1",
             "Ribbed, Ponte:1.2, Brushed, Performance Knit:1.2",
             "Leggings, 7/8 Leggings, Capri Leggings:0.9"),
    )),
    Category("Jumpsuits & Rompers", 2, 0, 66, 6.3, 0.7, (
        Line("Belted, Wide-Leg, Halter, Utility, Smocked", "Linen:1.1, Denim:1.2, Satin, Jersey:0.8",
             "Jumpsuit:1.1, Romper:0.8, Playsuit:0.8", BRIGHTS),
    )),
    Category("Socks & Hosiery", 3, 0, 15, 12, 0.6, (
        Line("Ribbed, Sheer, Cushioned, Patterned", "Cotton, Merino:1.6, Bamboo:1.2, Nylon",
             "Ankle Socks:0.7, Knee Socks, Tights:1.2, Crew Socks (3-Pack):1.3"),
    )),
    Category("Maternity", 2, 0, 46, 4, 0.1, (
        Line("Over-Bump, Nursing, Ruched, Side-Snap", "Jersey, Cotton, Bamboo:1.2, Stretch Denim:1.3",
             "Leggings:0.8, Tee:0.7, Dress:1.3, Jeans:1.4, Camisole:0.7"),
    )),
    Category("Pants", 0, 6, 62, 9.5, 0.15, (
        Line("Slim, Straight, Tapered, Pleated, Cargo, Relaxed",
             "Chino, Twill, Corduroy, Linen:1.1, Stretch-Cotton, Wool:1.6",
             "Pants, Chinos, Trousers:1.2, Drawstring Pants:0.9"),
    )),
    Category("Dress Shirts", 0, 5, 58, 9, 0.15, (
        Line("Slim, Classic, Non-Iron:1.1, Button-Down, Spread-Collar, Checked",
             "Oxford, Poplin, Twill:1.1, Linen:1.1, Flannel, Chambray",
             "Shirt, Dress Shirt:1.1, Short-Sleeve Shirt:0.85",
             "White, Sky, Navy, Pink, Lavender, Sage, Blue Stripe, Grey Check, Ecru, Black"),
    )),
    Category("Suits & Sport Coats", 0, 3, 235, 5, 0.2, (
        Line("Slim, Classic, Modern, Double-Breasted:1.1",
             "Wool:1.2, Linen, Tweed, Stretch-Wool:1.1, Hopsack",
             "Suit:1.6, Sport Coat, Suit Jacket:1.1, Waistcoat:0.4"),
    )),
    Category("Socks", 0, 4, 14, 12, 0.5, (
        Line("Ribbed, Cushioned, Striped, Argyle, Dotted",
             "Cotton, Merino:1.7, Bamboo:1.2, Performance Knit:1.3",
             "Crew Socks:0.8, Dress Socks:0.9, No-Show Socks (3-Pack), Hiking Socks:1.3"),
    )),
    Category("Underwear", 0, 5, 27, 12, 0.25, (
        Line("Classic, Sport, Seamless, Long-Leg", "Modal:1.2, Cotton, Merino:1.7, Microfibre",
             "Boxer Briefs, Trunks, Briefs (3-Pack):1.2, Boxers:0.9, Undershirt"),
    )),
)  # fmt: skip


def vocabulary(text: str) -> tuple[list[str], list[float]]:
    """The words of a comma separated list and the factor each has on the price."""
    pairs = [word.strip().partition(":") for word in text.split(",")]
    return [word for word, _, _ in pairs], [float(factor or 1) for _, _, factor in pairs]
