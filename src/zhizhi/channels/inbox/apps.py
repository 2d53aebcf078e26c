from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import ChannelConfig


class InboxConfig(ChannelConfig):
    """In-app messages: nothing leaves the house, marking them is showing them."""

    name = "zhizhi.channels.inbox"
    label = "inbox"
    verbose_name = _("In-app inbox")
    channel_path = "zhizhi.channels.inbox.showing.Inbox"
