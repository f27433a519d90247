"""The currencies that the shop can keep its prices in: those of ISO 4217 whose smallest unit is a hundredth."""

from __future__ import annotations

_TWO_DECIMALS = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd btn bwp byn bzd cad cdf chf cny cop "
    "crc cup cve czk dkk dop dzd egp ern etb eur fjd fkp gbp gel ghs gip gmd gtq gyd hkd hnl htg huf idr ils inr irr "
    "jmd kes kgs khr kpw kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok "
    "npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb "
    "tjs tmt top try ttd twd tzs uah usd uyu uzs ves wst xcd xcg yer zar zmw zwg"
)

# No hundredths: none, thousandths, fifths, or finer ones.
_OTHER_DECIMALS = (
    "bhd bif clf clp djf gnf iqd isk jod jpy kmf krw kwd lyd mga mru omr pyg rwf tnd ugx uyi uyw vnd vuv xaf xof xpf"
)


def check_currency(code: str) -> str:
    """Return `code`, an ISO 4217 code, in lower case.

    Raises:
        ValueError: it is none, or prices in it have no hundredths; the message says which.
    """
    folded = code.strip().lower()
    if folded in _OTHER_DECIMALS.split():
        raise ValueError(f"{folded!r} does not divide into hundredths, in which all prices are kept")
    if folded not in _TWO_DECIMALS.split():
        raise ValueError(f"{code!r} is no currency of ISO 4217, such as usd or eur")
    return folded
