from django.urls import path

from zhizhi.channels.carrier_sms import views

urlpatterns = [path("carrier/receipts", views.receipts, name="carrier-receipts")]
