"""What is told about accounts, keys and the network's own machinery."""

from partner_network.kernel.sentences import Sentence
from partner_network.notifications.rules.kinds import ACCOUNT, SYSTEMS, Kind, roles

_WHEN = (Sentence("When"), "at")
_PLACE = (Sentence("For"), "place")
_KEY = (Sentence("API key"), "name")
_NOT_ME = Sentence("If this was not you, set a new password at once and tell the people who run the network.")
_FACTORS = Sentence("See your second factors")

KINDS = (
    Kind(
        key="api-key-made",
        group=SYSTEMS,
        name=Sentence("An API key is made"),
        subject=Sentence("The API key “{name}” was made for {place}"),
        says=(Sentence("{maker} made it. Whoever holds it acts for {place}; revoke it if nobody should."),),
        facts=(_KEY, (Sentence("Made by"), "maker"), _WHEN),
        button=Sentence("See the API keys"),
        page="/account/api-keys",
        at_brand=roles("owner developer"),
        is_fixed=True,
    ),
    Kind(
        key="api-key-ends",
        group=SYSTEMS,
        name=Sentence("An API key ends soon"),
        subject=Sentence("The API key “{name}” ends on {ends}"),
        says=(Sentence("Rotate it before: the new key works at once, the old one until it ends."),),
        facts=(_KEY, _PLACE, (Sentence("Ends"), "ends")),
        button=Sentence("Rotate the key"),
        page="/account/api-keys",
        at_brand=roles("owner developer"),
    ),
    Kind(
        key="webhook-failing",
        group=SYSTEMS,
        name=Sentence("A webhook cannot be delivered"),
        subject=Sentence("Your webhook {address} has not answered for {hours} hours"),
        says=(Sentence("What waits is kept and sent once it answers. Its last answer: {answer}"),),
        facts=((Sentence("Webhook"), "address"), (Sentence("Last answer"), "answer")),
        button=Sentence("See the deliveries"),
        page="/webhooks",
        at_brand=roles("owner developer"),
        is_sent=False,
    ),
    Kind(
        key="job-failed",
        group=SYSTEMS,
        name=Sentence("A job failed"),
        subject=Sentence("The job {job} failed and is held"),
        says=(Sentence("Nothing goes on without a person: find out why, then start it again."),),
        facts=((Sentence("Job"), "job"), (Sentence("Number"), "number"), (Sentence("Error"), "error")),
        button=Sentence("See the failed jobs"),
        page="/admin/failed-jobs",
        at_operator=roles("admin"),
    ),
    Kind(
        key="replay-differs",
        group=SYSTEMS,
        name=Sentence("Decisions differ from their receipts"),
        subject=Sentence("{count} decisions of {program} are not what their receipts say"),
        says=(
            Sentence(
                "The nightly replay decided the last closed period again. Somebody changed what is stored, "
                "or the program decides otherwise than before: find out which before anything is paid."
            ),
        ),
        facts=(
            (Sentence("Program"), "program"),
            (Sentence("Orders from"), "starts"),
            (Sentence("Orders until"), "ends"),
            (Sentence("The first"), "first"),
        ),
        button=Sentence("See the programs"),
        page="/admin/programs",
        at_operator=roles("manager finance admin"),
        is_fixed=True,
    ),
    Kind(
        key="ledger-differs",
        group=SYSTEMS,
        name=Sentence("The ledger does not hold together"),
        subject=Sentence("{count} things in the ledger are not as they must be"),
        says=(
            Sentence(
                "The nightly look at the whole ledger found it. Somebody changed what is stored: find out "
                "what before anything is paid."
            ),
        ),
        facts=((Sentence("Night"), "night"), (Sentence("The first"), "first")),
        button=Sentence("See the trial balance"),
        page="/admin/ledger",
        at_operator=roles("finance admin"),
        is_fixed=True,
    ),
    Kind(
        key="person-joined",
        group=ACCOUNT,
        name=Sentence("A person joins your brand"),
        subject=Sentence("{person} has joined {place}"),
        says=(Sentence("{person} took up an invitation to {place} and may act there as {role}."),),
        facts=((Sentence("Person"), "person"), (Sentence("Role"), "role"), _WHEN),
        button=Sentence("See the people"),
        page="/account/people",
        at_brand=roles("owner"),
        at_operator=roles("admin"),
        mail="daily",
    ),
    Kind(
        key="role-changed",
        group=ACCOUNT,
        name=Sentence("Your role changes"),
        subject=Sentence("What you may do for {place} has changed"),
        says=(
            Sentence("Your roles there are now: {roles}. You were signed out, so that they hold at once."),
        ),
        facts=(_PLACE, (Sentence("Roles"), "roles"), _WHEN),
        button=Sentence("See the people"),
        page="/account/people",
        is_fixed=True,
    ),
    Kind(
        key="factor-added",
        group=ACCOUNT,
        name=Sentence("A second factor is added"),
        subject=Sentence("A second factor was added to your account"),
        says=(Sentence("From now on it proves, besides your password, that it is you."), _NOT_ME),
        facts=((Sentence("Second factor"), "factor"), _WHEN),
        button=_FACTORS,
        page="/account/second-factors",
        is_fixed=True,
    ),
    Kind(
        key="factor-removed",
        group=ACCOUNT,
        name=Sentence("A second factor is removed"),
        subject=Sentence("A second factor was removed from your account"),
        says=(Sentence("It opens nothing any more."), _NOT_ME),
        facts=((Sentence("Second factor"), "factor"), _WHEN),
        button=_FACTORS,
        page="/account/second-factors",
        is_fixed=True,
    ),
    Kind(
        key="password-changed",
        group=ACCOUNT,
        name=Sentence("Your password changes"),
        subject=Sentence("Your password was changed"),
        says=(Sentence("Everybody who was signed in with the old one is signed out."), _NOT_ME),
        facts=(_WHEN,),
        button=Sentence("See your sessions"),
        page="/account/sessions",
        is_fixed=True,
        is_lettered_elsewhere=True,
    ),
    Kind(
        key="new-device",
        group=ACCOUNT,
        name=Sentence("A sign-in from a new device"),
        subject=Sentence("A new device knew your password"),
        says=(
            Sentence(
                "It signed in, or will as soon as it gives your second factor. It calls itself {device}."
            ),
            _NOT_ME,
        ),
        facts=((Sentence("Device"), "device"), (Sentence("Network"), "network"), _WHEN),
        button=Sentence("See your sessions"),
        page="/account/sessions",
        is_fixed=True,
    ),
)
