"""Which sender of letters an installation has."""

from partner_network.gateways.mailer import letter, smtp
from partner_network.gateways.mailer.folder import FolderSender
from partner_network.gateways.mailer.letter import Sender
from partner_network.gateways.mailer.smtp import SmtpSender
from partner_network.settings import Settings


def sender_of(settings: Settings) -> Sender:
    """Return the sender that the settings name, or say which of them is wrong."""
    letter.must_be_sender(settings.mail_from)
    if settings.smtp_url is None:
        return FolderSender(settings.outbox_folder)
    return SmtpSender(smtp.server_of(settings.smtp_url))
