"""What all pages of the portal share: whose brand it is, and the sentences after something was done."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

from litestar.params import QueryParameter
from litestar.response import Redirect

from partner_network.kernel.sentences import Sentence
from partner_network.languages import catalogs

Told: TypeAlias = Annotated[str, QueryParameter(max_length=40)]
"""What was done on the page before; only sentences of ours are shown for it."""

SENTENCES: Mapping[str, Sentence] = MappingProxyType(
    {
        "accepted": Sentence(
            "You accepted the invitation. The advertiser or the network drafts the terms next."
        ),
        "code-given": Sentence("The code is given. Your partner finds it here, too."),
        "code-withdrawn": Sentence("The code is withdrawn. What it brought before stays what it is."),
        "declined": Sentence("You declined the invitation."),
        "funding": Sentence(
            "Your payment is on its way. Once it has settled, everything it covers is sent out."
        ),
        "invoice-asked": Sentence(
            "The invoice is being drawn up. It stands here in a moment, and Stripe sends it by mail, too."
        ),
        "invoice-ended": Sentence("The invoice is called off. You may pay in another way in a moment."),
        "stripe-silent": Sentence(
            "Stripe does not answer at the moment. Nothing was changed; try again soon."
        ),
        "link-made": Sentence("The link is made. Copy it from the list."),
        "link-off": Sentence("The link is switched off. Its clicks stay what they are."),
        "method-saved": Sentence("The payment method is saved."),
        "notice-given": Sentence("Notice is given, and the other side is told."),
        "notice-withdrawn": Sentence("The notice is withdrawn, and the other side is told."),
        "signed": Sentence("You signed. The terms hold once both brands have signed."),
        "in-force": Sentence("You both signed: the terms hold. The document is made within a minute."),
    }
)


def told(name: str) -> str:
    """Return the sentence for what was just done, empty for anything else."""
    return catalogs.translated(SENTENCES.get(name, ""))


def back_to(path: str, done: str = "") -> Redirect:
    """Send the browser to a page after a form, which a reload then does not send again."""
    # The fragment ends the one that a form's address may have had, which browsers would keep.
    return Redirect(f"{path}?{urlencode({'told': done})}#told" if done else path, status_code=303)
