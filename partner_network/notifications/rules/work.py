"""What is told about partnerships, agreements and pages, and about questions to them."""

from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules.kinds import QUALITY, WORK, Kind, roles

_PROGRAM = (Sentence("Program"), "program")
_ADVERTISER = (Sentence("Advertiser"), "advertiser")
_PARTNER = (Sentence("Partner"), "partner")
_NUMBER = (Sentence("Number"), "number")
_READ = Sentence("Read the agreement")
_TO_PARTNERSHIP = Sentence("Go to the partnership")

KINDS = (
    Kind(
        key="partnership-invitation",
        group=WORK,
        name=Sentence("An advertiser invites your brand"),
        subject=Sentence("{advertiser} invites {partner} to promote {program}"),
        says=(
            Sentence(
                "{advertiser} would like {partner} to promote its program {program}. Accept, and both sides "
                "agree on terms; decline, and nothing happens."
            ),
        ),
        facts=(_PROGRAM, _ADVERTISER),
        button=Sentence("Answer the invitation"),
        page="/",
        at_brand=roles("owner marketer"),
    ),
    Kind(
        key="agreement-to-sign",
        group=WORK,
        name=Sentence("An agreement waits for a signature"),
        subject=Sentence("Agreement {number} waits for your signature"),
        says=(
            Sentence(
                "Terms for {program} between {advertiser} and {partner} are drafted. They hold once an owner "
                "of each brand has signed the same text."
            ),
        ),
        facts=(_NUMBER, _PROGRAM, _ADVERTISER, _PARTNER),
        button=Sentence("Read and sign"),
        page="/agreements/{agreement}",
        at_brand=roles("owner"),
    ),
    Kind(
        key="agreement-in-force",
        group=WORK,
        name=Sentence("An agreement is in force"),
        subject=Sentence("Agreement {number} is in force"),
        says=(
            Sentence(
                "Both {advertiser} and {partner} have signed. From {starts} on, commissions for {program} "
                "follow from these terms."
            ),
        ),
        facts=(_NUMBER, _PROGRAM, (Sentence("Holds from"), "starts")),
        button=_READ,
        page="/agreements/{agreement}",
        at_brand=roles("owner marketer"),
    ),
    Kind(
        key="amendment-proposed",
        group=WORK,
        name=Sentence("A change of terms is proposed"),
        subject=Sentence("{proposer} proposes a change to agreement {number}"),
        says=(
            Sentence(
                "What holds today goes on until both sides sign the change. It could hold from {starts} on."
            ),
        ),
        facts=(_NUMBER, _PROGRAM, (Sentence("Could hold from"), "starts")),
        button=Sentence("Compare the terms"),
        page="/agreements/{agreement}",
        at_brand=roles("owner marketer"),
        is_sent=False,
    ),
    Kind(
        key="terms-ending",
        group=WORK,
        name=Sentence("Terms end soon"),
        subject=Sentence("The terms of agreement {number} end on {ends}"),
        says=(Sentence("After {ends} no commission arises for {program} unless both sides sign new terms."),),
        facts=(_NUMBER, _PROGRAM, (Sentence("Ends"), "ends")),
        button=_READ,
        page="/agreements/{agreement}",
        at_brand=roles("owner marketer"),
        is_sent=False,
    ),
    Kind(
        key="partnership-notice",
        group=WORK,
        name=Sentence("A partnership is going to end"),
        subject=Sentence("{author} gave notice: {partner} and {advertiser} end {program}"),
        says=(
            Sentence("What {author} says about it: {reason}"),
            Sentence(
                "The partnership ends at {ends}. Links then lead to {advertiser} without credit. An order "
                "before {until} still earns commission for clicks from before the end; what is earned stays "
                "owed."
            ),
        ),
        facts=(_PROGRAM, _ADVERTISER, _PARTNER, (Sentence("Ends"), "ends")),
        button=_TO_PARTNERSHIP,
        page="/partnerships/{partnership}",
        at_brand=roles("owner marketer finance"),
    ),
    Kind(
        key="partnership-notice-withdrawn",
        group=WORK,
        name=Sentence("A notice is withdrawn"),
        subject=Sentence("{author} has withdrawn its notice for {program}"),
        says=(Sentence("{next}"),),
        facts=(_PROGRAM, _ADVERTISER, _PARTNER),
        button=_TO_PARTNERSHIP,
        page="/partnerships/{partnership}",
        at_brand=roles("owner marketer finance"),
    ),
    Kind(
        key="partnership-ended",
        group=WORK,
        name=Sentence("A partnership has ended"),
        subject=Sentence("{partner} and {advertiser} have ended {program}"),
        says=(
            Sentence(
                "The partnership ended at {ends}. An order before {until} still earns commission for clicks "
                "from before that. Statements go on until the last one is paid."
            ),
        ),
        facts=(_PROGRAM, _ADVERTISER, _PARTNER, (Sentence("Ended"), "ends")),
        button=_TO_PARTNERSHIP,
        page="/partnerships/{partnership}",
        at_brand=roles("owner marketer finance"),
    ),
    Kind(
        key="application-received",
        group=WORK,
        name=Sentence("A brand applies to a program"),
        subject=Sentence("{partner} applies to promote {program}"),
        says=(Sentence("Look at who applies, then accept or decline."),),
        facts=(_PROGRAM, _PARTNER),
        button=Sentence("Look at the application"),
        page="/partnerships/{partnership}",
        page_at_operator="/admin/partnerships/{partnership}",
        at_brand=roles("owner marketer"),
        at_operator=roles("manager"),
        mail="daily",
        is_sent=False,
    ),
    Kind(
        key="application-answered",
        group=WORK,
        name=Sentence("Your application is answered"),
        subject=Sentence("{advertiser} has answered your application to {program}"),
        says=(Sentence("The answer: {answer}"),),
        facts=(_PROGRAM, _ADVERTISER, (Sentence("Answer"), "answer")),
        button=_TO_PARTNERSHIP,
        page="/",
        at_brand=roles("owner marketer"),
        is_sent=False,
    ),
    Kind(
        key="landing-page-approved",
        group=WORK,
        name=Sentence("A landing page is approved"),
        subject=Sentence("The page “{page}” may be shown"),
        says=(Sentence("{advertiser} has approved it for {program}; its links work from now on."),),
        facts=(_PROGRAM, (Sentence("Page"), "page")),
        button=Sentence("Open the page"),
        page="/links",
        at_brand=roles("owner marketer"),
        mail="daily",
        is_sent=False,
    ),
    Kind(
        key="inquiry-answered",
        group=QUALITY,
        name=Sentence("An inquiry is answered"),
        subject=Sentence("Your inquiry about order {order} is answered"),
        says=(Sentence("{advertiser} has looked at the order. The answer: {answer}"),),
        facts=((Sentence("Order"), "order"), (Sentence("Answer"), "answer")),
        button=Sentence("See the answer"),
        page="/inquiries/{inquiry}",
        at_brand=roles("owner marketer finance"),
        is_sent=False,
    ),
    Kind(
        key="review-opened",
        group=QUALITY,
        name=Sentence("A review is opened"),
        subject=Sentence("{count} conversions of {program} are under review"),
        says=(
            Sentence(
                "Until the review is decided, their commissions are held. What it is about: {reason}. "
                "You may answer until {until}."
            ),
        ),
        facts=(_PROGRAM, (Sentence("Reason"), "reason"), (Sentence("Answer until"), "until")),
        button=Sentence("Read and answer"),
        page="/reviews/{review}",
        at_brand=roles("owner marketer"),
        is_sent=False,
    ),
    Kind(
        key="review-decided",
        group=QUALITY,
        name=Sentence("A review is decided"),
        subject=Sentence("The review of {program} is decided"),
        says=(Sentence("The decision: {decision}. An appeal goes to another person."),),
        facts=(_PROGRAM, (Sentence("Decision"), "decision")),
        button=Sentence("Read the decision"),
        page="/reviews/{review}",
        at_brand=roles("owner marketer"),
        is_sent=False,
    ),
    Kind(
        key="trial-computed",
        group=WORK,
        name=Sentence("A trial of other terms is computed"),
        subject=Sentence("What other terms would have paid for {program} is computed"),
        says=(Sentence("You asked for {starts} up to {ends}. Nothing was booked."),),
        facts=(_PROGRAM,),
        button=Sentence("See what came out"),
        page="/trials/{trial}",
        mail="never",
    ),
)
