from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import ChannelConfig


class WebhookConfig(ChannelConfig):
    """Signed web requests that tell other systems of cases."""

    name = "zhizhi.channels.webhook"
    label = "webhook"
    verbose_name = _("Web requests to other systems")
    channel_path = "zhizhi.channels.webhook.posting.Webhook"
