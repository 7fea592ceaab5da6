"""The money of a sale: how the buyer pays, and which part is the user's. Pure."""

from django.db.models import TextChoices


class PaymentCode(TextChoices):
    """Our code for a payment method, whatever word its source uses."""

    PIX = "pix", "Pix"
    CARD = "card", "Cartão"
    BOLETO = "boleto", "Boleto"
    CASH_ON_DELIVERY = "cash_on_delivery", "Pós-paga"
    OTHER = "other", "Outra"
