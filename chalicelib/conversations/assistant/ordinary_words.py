"""Words that begin sentences, name parts of an answer, or have a capital in German: no names of goods. Pure."""

from __future__ import annotations

_WORDS = """
parcel parcels paket pakete sendung ohne preislimit limit without cheaper dearer günstigere teurere ähnliche
a aber about after all alle allem alles als also alternativen am an and another ansehen any anything anzahl
anzeigen april are artikel artikeln as ask at auch auf august aus auswahl available be because before bestellt
bestellung bestellungen bitte brand brauchen but by can cart category check chf choose color colour confirm
could currency current customer da damit danke dann das date dazu december dein deine deinem deinen deiner
delivered delivery dem den denn department der des details deutsch dezember dich did die dienstag dies diese
dieser dieses dir do does donnerstag dort du each ein eine einem einen einer eines english er ergebnis
ergebnisse erste ersten es eur euro everything farbe farben februar february filiale find first for found frage
freitag friday from für gbp gefunden german gern gerne gesamt get give good great grund größe gut guten had
hallo hat hello help here hi hier hilfe how i ich if ihm ihn ihnen ihr ihre ihrem ihren ihrer im image in info
is ist it item items ja januar january jetzt juli july june juni just kann kategorie kategorien kein keine
kollegen kunde kunden kundin können könnten lager last laut left legen let lieferung like mag mai march marke
marken may me mehr mein meine menge mensch mit mitarbeiter mitarbeiterin mittwoch moment monday montag more my
märz möchten möchtest nach name need nein neue next nicht no noch not note november now nur october oder of ok
okay oktober on one only option options or order orders other our out paar person please policies policy preis
preise price prices product products produkt produkte produkten quantity ready reason return returns rückgabe
rücksendung sagen same samstag saturday say schau second see sehen sehr september shall shipped shipping shop
should show sich sie similar sind size so soll sollen some sonntag sorry status still stock stück suche summe
sunday sure tag tage tagen team thank thanks that the their them then there these they third this those thursday
to too total tracking treffer tuesday tut type und units uns unsere unserem unseren unserer unter until up usd
verfügbar versand vielen vom von vorrätig vorschläge warenkorb was we wednesday weitere welche welcher welches
welcome well wenn wer werden what when where which while wie wieder willkommen wir wird with wo wollen would yes
you your yours zeige zeigen zu zum zur zweite zwischensumme
"""

ORDINARY = frozenset(_WORDS.split())
