"""Lines of an import file."""

from sales.models import Sale

HEADER = "Pedido;Data;Cliente;Telefone;Produto;Valor;Status"
GOOD = "ordaaaaa;02/10/2025 22:41;Íris Prado;62954544554;Creme;1.234,56;Aprovado"
OTHER = "ordbbbbb;03/10/2025;Caio Lima;62954544555;Creme;99,90;Pendente"
BAD = "ordccccc;04/10/2025;Ana;62954544556;Creme;grátis;Pago"


def encode(*lines: str) -> bytes:
    return "\n".join((HEADER, *lines)).encode()


def statuses() -> dict[str, str]:
    return dict(Sale.objects.values_list("external_id", "status"))
