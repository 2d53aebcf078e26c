from django.utils.translation import gettext_lazy as _

from zhizhi.engine.system import ChannelConfig


class CarrierSmsConfig(ChannelConfig):
    """Text messages through the telephone operator, who alone knows whose token it is."""

    name = "zhizhi.channels.carrier_sms"
    label = "carrier_sms"
    verbose_name = _("Text messages")
    channel_path = "zhizhi.channels.carrier_sms.sending.CarrierSms"
