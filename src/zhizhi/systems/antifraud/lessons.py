"""What each trick is called, how it goes, and what is true instead, in words for everybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Lesson:
    """What a trick is called and what to know of it; texts are translated lazily."""

    name: Any
    told: Any


LESSONS: Mapping[str, Lesson] = {
    "brushing": Lesson(
        _("Paid clicks and fake orders"),
        _("The first small reward is the bait. Whoever asks you to advance money keeps it."),
    ),
    "refund": Lesson(
        _("False customer service and refunds"),
        _("A refund needs no transfer, no code and no shared screen. Look in the app yourself."),
    ),
    "investment": Lesson(
        _("False investments"),
        _("Nobody shares sure profits. Profits on a screen cannot be withdrawn from a false site."),
    ),
    "loan": Lesson(
        _("False loans"),
        _("A lender that wants money before it pays out any is no lender."),
    ),
    "credit": Lesson(
        _("False credit record repair"),
        _("Nobody can delete a credit record or a student loan by a transfer."),
    ),
    "shopping": Lesson(
        _("False goods and services"),
        _("Pay inside the platform only. Whoever leads you away from it has nothing to sell."),
    ),
    "police": Lesson(
        _("False police, prosecutors and courts"),
        _("No authority has a safe account, and none sends warrants or asks for secrecy online."),
    ),
    "acquaintance": Lesson(
        _("False superiors and acquaintances"),
        _("Call the person at the number that you have known before you pay anything."),
    ),
    "games": Lesson(
        _("False game trades"),
        _("Nobody lifts game limits for money. Do not let children use your telephone to pay."),
    ),
    "romance": Lesson(
        _("Courtship that ends in an investment"),
        _("Somebody you never met, who leads you to a platform for money, is after your money."),
    ),
    "vice": Lesson(
        _("Blackmail after undressed video calls and paid dates"),
        _("Paying does not end it. Do not pay, keep what was written, and call the police."),
    ),
    "army": Lesson(
        _("False purchases for the army or the police"),
        _("Barracks do not ask shops to buy from a third seller. Call the unit's public number."),
    ),
    "flight": Lesson(
        _("False flight changes"),
        _("Look in the airline's own app. Changing a ticket needs no transfer and no code."),
    ),
    "account_resale": Lesson(
        _("Buying and selling accounts"),
        _(
            "Whoever sold an account can take it back by its number. Selling yours is against the "
            "law."
        ),
    ),
    "mule": Lesson(
        _("Lending cards to move money"),
        _("Lending a bank or telephone card helps fraud and is punished. Your cards are blocked."),
    ),
    "phishing": Lesson(
        _("False messages of banks and offices"),
        _(
            "Do not open the link. Open the app of your bank yourself, or call the number on the "
            "card."
        ),
    ),
    "prize": Lesson(
        _("False prizes"),
        _("A prize for which you pay a tax or fee first does not exist."),
    ),
}
