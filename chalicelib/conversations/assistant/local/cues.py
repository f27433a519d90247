# ruff: noqa: E501  (one pattern a line)
"""What gives an intent away: patterns over the folded words of a text, each with a weight, in both languages. Pure.

A weight is how much a pattern alone speaks for its intent: 1 leaves little doubt, 0.3 is a hint. The weights of an
intent add up. They are read by people: an answer can be explained by the patterns that were found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chalicelib.conversations.assistant.turns import Intent


@dataclass(frozen=True, slots=True)
class Cue:
    """A pattern over words with single spaces between them, and how much it says."""

    pattern: re.Pattern[str]
    weight: float


def _cues(text: str) -> Sequence[Cue]:
    """Read lines of "weight pattern"."""
    found = []
    for line in text.strip().splitlines():
        weight, _, pattern = line.strip().partition(" ")
        found.append(Cue(re.compile(rf"\b(?:{pattern})\b"), float(weight)))
    return found


CUES: Mapping[Intent, Sequence[Cue]] = {
    "search": _cues(
        r"""
        0.5 (?:im |i am |we are )?(?:looking|searching|hunting) for
        0.5 (?:do|does|have) (?:you|u|ya|the shop|your shop) (?:guys )?(?:have|sell|carry|stock|got|offer)
        0.5 (?:have|got) (?:you|u) (?:got )?
        0.4 (?:show|find|get|give) (?:me|us)
        0.4 (?:i )?(?:need|want|wanna buy|want to buy|would like|d like|could use)
        0.3 (?:search|find|show|browse|buy)
        0.3 (?:any|some)
        0.4 cheapest|most expensive|newest|latest arrivals|new arrivals|whats new
        0.5 (?:habt|haben|hast|fuhrt|verkauft|gibt) (?:ihr|sie|du|es)|gibts
        0.5 (?:ich |wir )?(?:suche?n?|brauche?n?|benotige|hatte gerne?|mochte gerne?|will|mochte)
        0.4 (?:zeig|zeige|zeigt|zeigen sie|finde|such|gib) (?:mir|uns)?
        0.4 billigste\w*|gunstigste\w*|teuerste\w*|neueste\w*|neuheiten
        """
    ),
    "refine": _cues(
        r"""
        0.8 cheaper(?: ones?| than| please)?|less expensive|too expensive|too pricey|lower price
        0.7 more expensive ones?|pricier|higher end|fancier
        0.7 (?:in|what about|how about|and in|but in|rather) (?:\w+ )?(?:colou?r|instead)
        0.7 ^(?:more|next|others?|mehr|weiter|nachste|weitere)$|(?:even|still) cheaper|dont like (?:any|these|those|them)|none of (?:these|those|them)|gefallt mir nicht|gefallen mir nicht
        0.8 keep going|go on|a few more|noch (?:ein paar|mehr|welche)
        0.7 show (?:me )?more|(?:up to|over|under|bis|ab|unter|uber) \d+ (?:is|would be|ware|ist|geht)|which (?:one )?is the (?:cheapest|dearest|most expensive)
        0.6 (?:something|anything) else|other ones|others|different ones|show (?:me )?more|more of (?:them|those)
        0.6 any (?:others|more)|whats next|next page|more options|more please|see more|another one
        0.6 without (?:the |a |any )?(?:price )?limit|any price|price doesnt matter|regardless of price
        0.5 (?:only|just)
        0.5 (?:what|how) about
        0.5 (?:sort|order) (?:them |it |these )?by|sorted by|cheapest first
        0.4 instead|rather|same but|but (?:in|for|from|under)
        0.8 billiger\w*|gunstiger\w*|preiswerter\w*|zu teuer|weniger kosten
        0.7 teurere\w*|hochwertiger\w*
        0.6 was ander\w+|etwas ander\w+|andere|mehr davon|mehr zeigen|weitere|zeig mehr|noch mehr|mehr bitte
        0.6 ohne (?:preis)?(?:limit|grenze|begrenzung)|preis(?: ist)? egal|egal was (?:es|sie) koste[nt]
        0.5 nur|ausschliesslich
        0.5 (?:was ist|wie ware es|wie wars|wie siehts aus|und) (?:mit|in)
        0.5 sortier\w*|nach preis
        0.4 stattdessen|lieber|aber (?:in|fur|von|unter)
        """
    ),
    "recommend": _cues(
        r"""
        0.9 recommend\w*|suggestions?|suggest(?: me)?|surprise me
        0.7 what (?:should|could|would) (?:i|you) (?:buy|get|wear|like|pick|choose)
        0.9 (?:fits?|like|matches|goes with|based on) what i (?:\w+ )?(?:bought|ordered|have|like)|what i (?:bought|ordered) before
        0.7 what (?:would )?suits? me|for me personally|my taste|based on (?:my|what)
        0.6 inspire me|inspiration|ideas?|gift ideas?|whats popular|popular|bestsellers?|best sellers?|trending
        0.9 empfiehl\w*|empfehl\w*|vorschlag\w*|schlag\w* (?:mir )?(?:etwas |was )?vor|uberrasch\w*
        0.7 was (?:soll|konnte|wurde) (?:ich|mir)|was passt zu mir|mein\w* geschmack|was steht mir
        0.6 inspir\w*|ideen?|geschenkideen?|beliebt\w*|bestseller|angesagt|im trend
        """
    ),
    "similar": _cues(
        r"""
        1.0 resembl\w*
        1.0 similar|alike|something like|anything like|more like|looks? like (?:the|this|that|it)|comparable
        0.8 alternatives? (?:to|for)|goes? (?:well )?with|match(?:es)? (?:the|this|that|it)
        1.0 ahnlich\w*|aehnlich\w*|so was wie|sowas wie|etwas wie|in der art|vergleichbar\w*
        0.8 alternativen?(?: zu)?|passt zu (?:der|dem|den|die)|passend zu
        """
    ),
    "product": _cues(
        r"""
        0.8 how much (?:is|are|does|do|for|would)|whats the price|what is the price|price of|how expensive|cost of
        0.8 what (?:does|do) (?:it|they|that|this|the \w+(?: one)?) cost
        0.8 (?:is|are) (?:it|they|that|this|these|those|the \w+(?: \w+)?) (?:still )?(?:in stock|available|sold out)
        0.7 in stock|available|sold out|how many (?:are )?(?:left|do you have|of)|left in stock|still have
        0.7 tell me (?:more )?about|more (?:info|information|details)|details|describe
        0.6 what (?:brand|colou?r|size|material|fabric|department)|which (?:brand|colou?r|size|material)
        0.6 made of|sizes?|which sizes|washable|true to size|fit (?:me|true)|come in
        0.8 was koste[nt]|wie viel koste[nt]|wieviel koste[nt]|preis (?:von|fur|des|der)|wie teuer
        0.8 (?:ist|sind) (?:es|er|sie|das|die|der|den)(?: \w+){0,2} (?:noch )?(?:auf lager|verfugbar|lieferbar|vorratig|da)
        0.7 auf lager|verfugbar|vorratig|ausverkauft|wie viele (?:sind|habt|gibt)
        0.7 (?:erzahl|sag) mir (?:mehr|was)|mehr (?:uber|infos?|details)|genaueres|einzelheiten
        0.6 welche (?:marke|farbe|grosse)|welches material|woraus|aus was|grossen?|waschbar|fallt es
        """
    ),
    "order_status": _cues(
        r"""
        0.8 (?:has|have|is|was|did|about|status of|whats with|problem with|question about) (?:my |the |an? )?(?:\w+ )?orders?
        0.8 when did i (?:\w+ )?order|did i order|my (?:most recent|last|latest) (?:order|purchase)
        0.9 (?:news|update|word) (?:on|about|of|from) (?:my|the) (?:\w+ )?(?:order|parcel|package|delivery)|neues (?:von|zu) mein\w+
        0.7 mein(?:e|en)? (?:zeug|kram|sachen|ware|waren)
        0.9 where(?:s| is| are| has| have)? (?:my|the) (?:\w+ )?(?:orders?|packages?|parcels?|stuff|delivery|shipment|things)
        0.8 (?:order|delivery|shipping|parcel|package) (?:status|tracking|update)|status of (?:my|the|order)
        0.8 track(?:ing)?(?: (?:my|the|number|order))?
        0.7 when (?:will|does|do|is|are) (?:my|it|the|they) (?:\w+ )?(?:arrive|come|get here|be delivered|ship|coming)
        0.7 (?:has|have|did|is) (?:my|it|the) (?:\w+ )?(?:ship(?:ped)?|arrive[d]?|been (?:sent|shipped)|been delivered)
        0.6 hasnt (?:arrived|come|shipped)|not (?:arrived|here yet)|still waiting|never arrived|didnt arrive|lost
        0.5 (?:whats|what is|what was) in (?:it|that|there)|was ist (?:da )?drin|was war drin
        0.5 my (?:last|latest|newest|recent) (?:order|purchase)|my (?:parcel|package|delivery|order)
        0.4 where is it|wheres it|where is that
        0.9 wo (?:ist|sind|bleibt|bleiben|steckt) (?:meine?|mein|die|das|der) \w*(?:bestellung|paket|lieferung|sendung|sachen|packchen)\w*
        0.8 (?:status|stand) (?:meiner|der|von)|lieferstatus|bestellstatus|sendungsverfolgung|sendungsnummer|trackingnummer
        0.7 wann (?:kommt|kommen|wird|ist|trifft|krieg\w*|bekomm\w*) (?:meine?|das|die|es|sie|der|ich)
        0.6 (?:noch )?nicht (?:angekommen|da|geliefert|erhalten)|warte (?:noch|immer|seit)|schon (?:verschickt|versandt|unterwegs)
        0.5 meine (?:letzte|neueste) bestellung|mein paket|meine (?:bestellung|lieferung|sendung)
        0.4 wo ist (?:es|sie|das|er)|wo bleibt (?:es|sie|das)
        """
    ),
    "order_history": _cues(
        r"""
        1.0 (?:order|purchase) history|(?:past|previous|old|earlier|all) (?:my )?(?:orders|purchases)|all (?:of )?my orders
        0.9 my orders|my purchases|list (?:of )?(?:my )?orders|orders (?:have i|i have|i) (?:made|placed)
        0.9 what (?:did|have) i (?:buy|bought|order|ordered|purchased?)
        0.9 (?:everything|all|things|stuff) (?:that )?(?:ive|i have|i) (?:\w+ )?(?:ordered|bought|purchased)
        0.9 (?:alles|sachen|dinge) (?:was|die) ich (?:\w+ ){0,3}(?:bestellt|gekauft)
        1.0 bestellhistorie|bestellverlauf|(?:alle|fruhere|vergangene|bisherige) \w*\s?bestellungen
        0.9 meine (?:letzten )?(?:bestellungen|einkaufe)
        0.9 was (?:habe|hab) ich (?:\w+ )?(?:bestellt|gekauft)
        """
    ),
    "start_return": _cues(
        r"""
        0.9 (?:i )?(?:want|need|would like|d like|wanna|have) to (?:return|send (?:\w+ ){0,3}back)
        0.9 (?:return|send back) (?:my|the|this|that|these|those|it|them|an?|order|one|item)
        0.8 (?:give|take) (?:it|them|this|that|these|those) back|nehmt ihr (?:\w+ ){0,3}zuruck
        0.5 (?:has|have|got|is|with) (?:a |some )?(?:holes?|stains?|tears?)|ist (?:ein|n) (?:loch|fleck|riss)
        0.8 send (?:\w+ ){0,4}back|start a return|make a return|returning
        0.5 return|refund|exchange
        0.5 doesnt fit|dont fit|didnt fit|too (?:small|big|large|tight|short|long)|wrong (?:size|item|colou?r)
        0.5 (?:arrived|came|is|was|are) (?:broken|damaged|torn|ripped|defective)
        0.6 (?:mochte|will|wollte|wurde|muss|kann) (?:\w+ ){0,6}(?:zuruck(?:schicken|geben|senden|bringen)|umtauschen)
        0.9 (?:zuruck(?:schicken|geben|senden|bringen)|zurueck(?:schicken|geben|senden)|retournieren|umtauschen)
        0.8 (?:schicke?|gebe?|sende?) (?:\w+ ){0,5}zuruck|retoure (?:anmelden|starten|machen)|rucksendung (?:anmelden|starten)
        0.5 retoure|rucksendung|umtausch|ruckgabe
        0.5 passt (?:mir )?nicht|passen (?:mir )?nicht|zu (?:klein|gross|eng|kurz|lang|weit)|falsche? (?:grosse|artikel|farbe)
        0.5 (?:kaputt|beschadigt|defekt|zerrissen) (?:angekommen)?
        """
    ),
    "policy": _cues(
        r"""
        0.7 (?:can|may|could) i (?:\w+ ){0,5}(?:if|when|after|before|without)|kann ich (?:\w+ ){0,5}(?:wenn|falls|nachdem|ohne)
        1.2 how long (?:do i have|have i got|can i) (?:\w+ )*(?:return|send|exchange)|how long (?:does|do|is|are) (?:\w+ ){0,2}(?:returns?|shipping|delivery|refunds?)
        1.2 how (?:much|expensive) (?:is|are|does|do|for) (?:the )?(?:\w+ )?(?:shipping|delivery|postage|returns?)
        1.2 (?:money|refund) back|get (?:a |my )?refund|when (?:do|will|does) i (?:get|receive) (?:my|a) (?:money|refund)
        1.0 (?:what|which) (?:\w+ )?data|data (?:do|does|about)|store about me|know about me|keep about me
        1.0 (?:promo|coupon|voucher|discount|gift card|rabatt|gutschein)\w* ?codes?|(?:enter|redeem|use) (?:a|my|the) (?:\w+ )?(?:code|coupon|voucher|gift card)
        1.0 (?:card|payment) (?:was|is|got) (?:declined|refused|rejected)|which payment|ways to pay|(?:which|what) cards?
        1.2 (?:which|what) size (?:\w+ ){0,3}(?:fits?|me|right|need|take|should)|know (?:which|what|my) size
        1.0 (?:do|must) i (?:have to |need to )?pay (?:\w+ ){0,3}(?:returns?|returning|sending|shipping|delivery)
        1.0 muss ich (?:\w+ ){0,5}(?:bezahlen|zahlen)|(?:bis|until|by) (?:wann|when) (?:kann|darf|muss|can|may|must)
        0.8 visa|mastercard|maestro|amex|american express|sofortuberweisung
        1.0 (?:return|refund|shipping|delivery|privacy|payment|exchange) polic(?:y|ies)|your polic(?:y|ies)|polic(?:y|ies)
        0.9 how (?:long|many days) (?:do i have|can i|does|do|is|will|until)
        0.9 how (?:do|can|does|would) (?:i|one|we|it|returns?|shipping|payment|the) (?:\w+ )?(?:return|pay|exchange|work|contact|send)
        0.9 (?:can|may|could) i (?:\w+ )?(?:return|exchange|pay|get a refund|send)
        0.9 (?:do|does) (?:you|u) (?:ship|deliver|accept|take|charge|offer (?:free|refunds|returns|exchanges))
        0.8 (?:shipping|delivery|postage) (?:costs?|fees?|times?|options?|cost)|free (?:shipping|returns|delivery)
        0.8 payment (?:methods?|options?)|pay (?:with|by|via|using)|credit card|paypal|klarna|apple pay|invoice
        0.8 privacy|gdpr|my data|personal data|data protection|delete my account|cookies?
        0.7 size (?:guide|chart|table)|sizing|which size|what size (?:should|do)|measure
        0.7 contact|phone number|opening hours|email address|customer service|reach you
        0.7 (?:promo|promotion|discount|coupon|voucher) ?codes?|promotions|any (?:deals|sales|discounts|offers)|on sale
        0.6 warranty|guarantee|terms|conditions|shipping|ship to|deliver to
        0.6 what happens (?:if|when)|who pays|is (?:it|shipping|returning) free
        1.2 wie (?:viel|teuer|hoch)\w* (?:koste[nt]|ist|sind) (?:\w+ )?(?:versand\w*|lieferung|porto|rucksendung|retoure)|was koste[nt] (?:\w+ )?(?:versand\w*|lieferung|porto|rucksendung|retoure)
        1.2 (?:geld|erstattung) zuruck|wann (?:bekomme?|krieg\w*|erhalte) ich (?:mein|das) geld
        1.0 welche daten|daten (?:speichert|habt|uber mich)
        1.2 welche grosse (?:\w+ )*(?:mir|ich|passt|brauche)|grosse (?:\w+ ){0,3}(?:passt|herausfinden|bestimmen|ermitteln)
        1.0 (?:ruckgabe|umtausch|versand|liefer|zahlungs|datenschutz)(?:recht|bedingungen|frist|richtlinien?|bestimmungen|erklarung|regeln?)
        0.9 wie lange (?:\w+ )?(?:kann|habe|hab|dauert|darf)|wie (?:kann|bezahle?|zahle?|funktioniert|geht|lauft|schicke) (?:ich|die|das|der|eine?)
        0.9 (?:kann|darf|konnte) (?:ich|man) (?:\w+ ){0,3}(?:zuruck\w+|umtauschen|bezahlen|zahlen|retournieren)
        0.9 (?:liefert|versendet|verschickt|akzeptiert|nehmt|bietet) (?:ihr|sie)
        0.8 versandkosten|lieferkosten|lieferzeit(?:en)?|versanddauer|porto|versandkostenfrei|kostenlose\w* (?:versand|lieferung|ruckgabe)
        0.8 zahlungs(?:arten|mittel|methoden|moglichkeiten)|(?:mit|per) (?:karte|kreditkarte|paypal|rechnung|klarna|lastschrift)|auf rechnung
        0.8 datenschutz|dsgvo|meine daten|konto loschen
        0.7 grossentabelle|grossenberatung|welche grosse (?:soll|brauche|nehme)|ausmessen
        0.7 kontakt|telefonnummer|offnungszeiten|erreichen|kundendienst
        0.7 gutschein\w*|rabattcode\w*|rabattaktion\w*|aktionen|angebote|sonderangebote
        0.6 garantie|agb|versand|lieferung nach|wer (?:zahlt|bezahlt|tragt)
        """
    ),
    "add_to_cart": _cues(
        r"""
        1.0 (?:add|put|throw|place|drop|stick) (?:\w+ ){0,18}(?:to|in|into) (?:\w+ )?(?:cart|basket|bag|trolley)
        1.2 (?:like|want|have|need) (?:the|this|that|it|them|these|those)(?: \w+){0,3} (?:in|into) (?:my|the) (?:cart|basket|bag)
        1.2 (?:hatte|mochte|will) (?:ich )?(?:\w+ ){0,4}(?:im|in den|in meinen|in meinem) (?:warenkorb|einkaufswagen|korb)
        0.9 add (?:it|them|this|that|these|those|the|one|two|three|\d+)
        0.9 (?:ill|i will|i) take (?:it|them|this|that|these|those|the|one|two|three|both|\d+)
        0.8 (?:i )?(?:want|wanna|would like|d like) to (?:buy|order|purchase|get) (?:it|them|this|that|these|those|the (?:first|second|third|last|\w+ one))
        0.7 buy (?:it|them|this|that|these|those|the (?:first|second|third|last))|order (?:it|this|that one)
        1.0 (?:leg|lege|pack|packe|tu|tue|nimm|steck|fug|fuge|legen sie) (?:\w+ ){0,18}(?:korb|warenkorb|einkaufswagen|wagen|tasche|hinzu|rein)
        0.9 (?:das|die|den) \w+ (?:nehme?|kaufe?|bestelle?) ich
        0.9 in (?:den|meinen) (?:warenkorb|einkaufswagen|korb)|hinzufugen
        0.9 (?:ich )?(?:nehme?|kaufe?|bestelle?) (?:es|sie|ihn|das|die|den|diese\w*|beide|zwei|drei|\d+)
        0.8 (?:mochte|will|wurde gern\w*) (?:es|sie|ihn|das|die|den|diese\w*)(?: \w+){0,3} (?:kaufen|nehmen|bestellen|haben)
        """
    ),
    "show_cart": _cues(
        r"""
        1.0 (?:whats|what is|show|see|view|check|open|look at) (?:\w+ ){0,3}(?:cart|basket|trolley)
        0.8 my (?:cart|basket)|cart total|my total|total so far|gesamtsumme|in my (?:cart|basket)|checkout|check out
        1.0 (?:was|zeig|zeige|was ist|was liegt|was habe ich) (?:\w+ ){0,4}(?:warenkorb|einkaufswagen|korb)
        0.8 mein(?:en|em)? (?:warenkorb|einkaufswagen)|zur kasse
        """
    ),
    "greeting": _cues(
        r"""
        0.6 ^(?:hi|hello|hey|heya|hiya|yo|good (?:morning|afternoon|evening)|howdy|greetings)
        0.6 ^(?:hallo|guten (?:tag|morgen|abend)|moin|servus|gruss gott|gruezi|hallochen|tach)
        0.4 how are you|whats up|wie gehts|wie geht es
        """
    ),
    "thanks": _cues(
        r"""
        0.7 thanks|thank you|thx|cheers|ty|much appreciated|youre (?:great|awesome|the best)|great help|bye|goodbye
        0.6 (?:very |really |so )?helpful|great (?:service|job|work)|well done|good job|awesome|love it|perfect
        0.6 (?:toller|super|guter) (?:service|job)|gut gemacht|sehr hilfreich|klasse|prima
        0.7 danke\w*|vielen dank|dankeschon|super hilfe|tschuss|tschuess|auf wiedersehen|ciao
        """
    ),
    "help": _cues(
        r"""
        1.0 what can you do|how can you help|what do you do|who are you|what are you|are you (?:a )?(?:bot|robot|human|real|ai)
        0.7 ^help(?: me)?$|i need help|can you help|how does this work|what can i ask
        1.0 was kannst du|was konnen sie|wie kannst du (?:mir )?helfen|wer bist du|was bist du|bist du (?:ein )?(?:bot|mensch|roboter|ki|echt)
        0.7 ^hilfe$|brauche hilfe|kannst du (?:mir )?helfen|konnen sie (?:mir )?helfen|wie funktioniert das hier
        """
    ),
    "human": _cues(
        r"""
        1.2 (?:talk|speak|chat|connect|transfer|put) (?:me )?(?:to|with|through to) (?:a |an |some |the |your )?(?:\w+ )?(?:human|person|agent|someone|somebody|employee|representative|rep|staff|manager|supervisor|real person)
        1.4 (?:talk|speak|chat) (?:to|with) (?:the |your )?(?:customer|support|service|team|shop)
        1.2 (?:get|give|send|need|want|find) (?:me )?(?:a|an|your|the|some) (?:\w+ )?(?:human|person|agent|manager|employee|supervisor|representative|someone)
        1.0 (?:real|actual|live) (?:human|person|agent)|human (?:agent|please|being)|customer (?:support|care)|call me
        0.9 ^(?:human|agent|operator|representative|manager)$
        1.2 (?:mit|zu) (?:einem|einer|jemandem|nem|dem|echten|richtigen) ?(?:\w+ )?(?:mensch\w*|mitarbeiter\w*|berater\w*|kollegen|person|chef|echten menschen)
        1.0 (?:echter?|richtiger?|lebender?) mensch\w*|mitarbeiter(?:in)? (?:sprechen|bitte)|kundenservice|kundenbetreuung|ruf\w* mich an|jemanden sprechen
        1.2 (?:gib|gebt|geben sie|hol|holt|holen sie|brauche|will|mochte|ruf) (?:\w+ ){0,4}(?:mitarbeiter|mensch|berater|kollege|chef)\w*
        0.9 ^(?:mensch|mitarbeiter|berater)$
        """
    ),
    "feedback": _cues(
        r"""
        0.9 (?:terrible|awful|horrible|worst|useless|disappointed|disappointing|unacceptable|ridiculous|angry|furious|scam)
        0.8 (?:bad|poor) (?:service|quality|experience)|complain(?:t)?|not happy|unhappy|youre (?:stupid|useless|dumb)|sucks?
        0.7 (?:that|this|it) (?:is|was|s) (?:wrong|not right|not what i (?:asked|meant))|you dont understand|not helpful
        0.9 (?:schrecklich|furchtbar|katastrophe|enttauscht|unverschamt\w*|frechheit|wutend|sauer|nutzlos|mies\w*|schlecht\w*)
        0.8 beschwer\w*|beschwerde|unzufrieden|reklam\w*|du bist (?:dumm|doof|nutzlos)|nervt
        0.7 (?:das|es) (?:ist|war|stimmt) (?:falsch|nicht richtig|nicht)|du verstehst (?:mich )?nicht|nicht hilfreich
        """
    ),
    "out_of_scope": _cues(
        r"""
        1.2 weather|poem|poetry|joke|jokes|song|lyrics|recipe|politic\w*|president|election|(?:the|todays|world) news|news today|football|soccer|lottery
        1.2 bitcoin|crypto|stock market|translate|homework|essay|python|javascript|code for|write (?:me )?(?:a|an|some) (?!return)
        1.2 capital of|who (?:won|is the|was|invented)|meaning of life|horoscope|movie|movies|solve|\d+ (?:plus|minus|times) \d+
        1.2 wetter|gedicht|witz|witze|lied|rezept|politik\w*|bundeskanzler\w*|wahl|nachrichten|fussball|lotto|hausaufgaben
        1.2 ubersetz\w*|programmier\w*|schreib (?:mir )?(?:ein|einen|eine) (?!retoure)|hauptstadt|wer hat|horoskop|sinn des lebens
        """
    ),
}

# Attempts to make the assistant do what it must not. Looked for before anything else.
FORBIDDEN: Sequence[Cue] = _cues(
    r"""
    2 (?:ignore|disregard|forget|override|bypass|skip) (?:\w+ ){0,4}(?:instructions?|rules|prompts?|guidelines|restrictions|previous|above|safety|filters?|policies)
    2 (?:system|developer|hidden|initial|secret) (?:prompt|message|instructions?|mode|rules)|prompt injection|jailbreak|dan mode|god mode
    2 (?:you are now|from now on you|act as|pretend (?:to be|you)|roleplay|behave like|simulate)
    2 (?:im|i am|as) (?:the |an? |your )?(?:admin\w*|developer|owner|ceo|root|sudo|shop owner|superuser|employee|staff member)
    2 (?:admin|root|debug|maintenance|test) (?:mode|access|rights|console|password)|sudo|sql injection|drop table|select from|union select
    2 (?:set|change|make|update|lower|reduce) (?:\w+ ){0,5}price(?:s)?(?: \w+){0,4} to|free of charge for me|price to \d
    2 (?:give|get|grant|apply|offer) (?:me |us )?(?:an? |some |the )?(?:\w+ )?(?:\d+ (?:percent )?)?(?:discount|rebate|% off|percent off)
    2 (?:\d+) ?(?:percent|prozent) (?:off|discount|rabatt)|(?:100|50|90) off
    2 (?:all|other|another|every|someone elses|somebody elses|other peoples|list of|list all|list the) (?:\w+ ){0,2}(?:customers?|users?|accounts?|peoples?|clients?) ?(?:\w+ )?(?:emails?|orders?|data|addresses|address|passwords?|names|details|info\w*|purchases)?
    2 (?:orders?|address|email|password|data|phone|purchases|cart|card) of (?:the )?(?:customer|user|another|other|all|someone|somebody|mr|mrs|ms|my (?:neighbou?r|ex|boss|friend|wife|husband|girlfriend|boyfriend))
    2 (?:what|show|tell|give)(?: \w+){0,5} (?:customer|user) (?:\d+|number|id)|(?:credit card numbers?|api keys?|secret keys?|the database)
    2 (?:mark|set|change) (?:\w+ ){0,4}(?:as )?(?:paid|delivered|shipped|refunded)|refund me (?:now|anyway|immediately|everything|twice|double)|delete (?:all|every|the) (?:\w+ )?(?:orders?|products?|data|users)
    2 (?:ignorier\w*|vergiss|missachte|umgeh\w*|uberschreib\w*) (?:\w+ ){0,5}(?:anweisung\w*|regeln?|vorgaben?|vorherige\w*|prompts?|instruktion\w*|beschrankung\w*|alles)
    2 (?:systemprompt|system prompt|entwicklermodus|geheime anweisung\w*|versteckte anweisung\w*)
    2 (?:du bist (?:jetzt|ab jetzt|nun)|ab jetzt bist du|tu so als|spiel(?:e)? (?:einen|eine|den)|verhalte dich wie)
    2 (?:ich bin|als) (?:der |die |ein |eine |dein |deine )?(?:admin\w*|entwickler\w*|inhaber\w*|chef|besitzer\w*|geschaftsfuhrer\w*)
    2 (?:setz\w*|ander\w*|mach\w*|senk\w*) (?:\w+ ){0,5}preis\w*(?: \w+){0,4} (?:auf|runter)|umsonst|gratis fur mich
    2 (?:gib|gebt|gewahr\w*|mach) (?:mir |uns )?(?:\w+ ){0,3}(?:rabatt|nachlass|prozent)|\d+ prozent
    2 (?:all(?:e|er|en|es)|andere[nr]?|fremde[nr]?|anderer) (?:\w+ )?(?:kunden?|nutzer\w*|benutzer\w*|konten|leute) ?(?:\w+ )?(?:daten|e mails?|emails?|bestellungen|adressen?|passworter)?
    2 (?:bestellung(?:en)?|adresse|daten|e mail|email|passwort) (?:von|des|der|meine[rs]) (?:kunde\w*|nutzer\w*|anderen?|nachbar\w*|frau|herrn?|ex|chefs?|freundin|freund\w*)
    2 passworter|kreditkartennummern?|zugangsdaten|datenbank|nachbarn?
    """
)

# Said of what the catalogue does not hold.
UNKNOWN_DETAILS = re.compile(
    r"\b(?:sizes?|size \w+|fit|fits|material|fabric|made of|washable|wash|machine wash|waterproof|vegan|origin|weight|"
    r"length|inseam|heel height|reviews?|rating|grossen?|material|stoff|woraus|waschbar|waschen|herkunft|lange|"
    r"bewertung\w*|in (?:xs|s|m|l|xl|xxl))\b"
)


def scores_of(text: str) -> dict[Intent, float]:
    """Return how much speaks for each intent, of folded words with single spaces; intents without a cue are left out."""
    found: dict[Intent, float] = {}
    for intent, cues in CUES.items():
        total = sum(cue.weight for cue in cues if cue.pattern.search(text))
        if total:
            found[intent] = total
    return found


def is_forbidden(text: str) -> bool:
    """Tell whether a text wants the assistant to do what it must not."""
    return any(cue.pattern.search(text) for cue in FORBIDDEN)


def _plain_words(cues: Sequence[Cue]) -> set[str]:
    return {word for cue in cues for word in re.findall(r"(?<![\\\w])[a-z]{5,}(?![\w\\*?{])", cue.pattern.pattern)}


# Words of cues, to put right what was mistyped.
CUE_WORDS = frozenset(word for cues in CUES.values() for word in _plain_words(cues))
