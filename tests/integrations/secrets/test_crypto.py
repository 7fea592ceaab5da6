import json
import os
import string
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from integrations.secrets.crypto import Cipher, DecryptionError

VECTORS = json.loads(
    (Path(__file__).parents[2] / "fixtures" / "crypto-vectors.json").read_text("utf-8")
)
CURRENT = "current-key-for-tests-0123456789abcdef"
EARLIER = "earlier-key-for-tests-0123456789abcdef"
OTHER = "another-key-for-tests-0123456789abcdef"
API_KEY = "8702|ExampleTokenExampleTokenExampleTokenExampleTok01"
IDENTITY = "01890a5d-ac96-774b-bcce-b302099a8057"

cipher = Cipher(CURRENT)


def older_key(secret: str) -> bytes:
    return Scrypt(salt=b"salt", length=32, n=16384, r=8, p=1).derive(secret.encode())


def write_like_the_older_system(plaintext: str, key: bytes) -> str:
    iv = os.urandom(16)
    padder = padding.PKCS7(128).padder()
    padded = padder.update(plaintext.encode()) + padder.finalize()
    encryptor = BlockCipher(algorithms.AES(key), modes.CBC(iv)).encryptor()
    return f"{iv.hex()}:{(encryptor.update(padded) + encryptor.finalize()).hex()}"


def without_mac(stored: str) -> str:
    return stored.rpartition(":")[0]


def is_refused(stored: str) -> bool:
    try:
        cipher.decrypt(stored, identity=IDENTITY)
    except DecryptionError:
        return True
    return False


@settings(deadline=None)  # the first example pays for scrypt
@given(st.text(), st.text())
@example("", "")
@example(API_KEY, IDENTITY)
def test_encrypted_value_decrypts(plaintext: str, identity: str) -> None:
    stored = cipher.encrypt(plaintext, identity=identity)

    assert cipher.decrypt(stored, identity=identity) == plaintext


def test_value_has_three_parts() -> None:
    iv, encrypted, mac = cipher.encrypt(API_KEY, identity=IDENTITY).split(":")

    assert [len(iv), len(encrypted), len(mac)] == [32, 128, 64]
    assert set(iv + encrypted + mac) <= set(string.hexdigits.lower())


def test_same_plaintext_is_encrypted_differently_each_time() -> None:
    first, second = (cipher.encrypt(API_KEY, identity=IDENTITY) for _ in range(2))

    assert {*first.split(":")}.isdisjoint(second.split(":"))


@pytest.mark.parametrize("vector", VECTORS)
def test_values_of_the_older_system_decrypt(vector: dict[str, str]) -> None:
    older = Cipher(vector["encryption_key"])

    assert older.decrypt(vector["stored"], identity=IDENTITY) == vector["api_key"]
    assert older.needs_rewrite(vector["stored"], identity=IDENTITY)


@pytest.mark.parametrize("vector", VECTORS)
def test_values_of_the_older_system_can_be_refused(vector: dict[str, str]) -> None:
    older = Cipher(vector["encryption_key"])

    with pytest.raises(DecryptionError):
        older.decrypt(vector["stored"], identity=IDENTITY, allow_legacy=False)


def test_ciphertext_decrypts_in_the_older_system() -> None:
    stored = cipher.encrypt(API_KEY, identity=IDENTITY)

    assert cipher.decrypt(without_mac(stored), identity="another record") == API_KEY


def test_every_changed_bit_of_the_text_is_refused() -> None:
    stored = cipher.encrypt(API_KEY, identity=IDENTITY)

    for place, character in enumerate(stored):
        for bit in range(8):
            changed = chr(ord(character) ^ 1 << bit)
            assert is_refused(stored[:place] + changed + stored[place + 1 :])


def test_every_changed_bit_of_the_bytes_is_refused() -> None:
    parts = [bytes.fromhex(part) for part in cipher.encrypt(API_KEY, identity=IDENTITY).split(":")]

    for place, part in enumerate(parts):
        for bit in range(len(part) * 8):
            changed = (int.from_bytes(part, "big") ^ 1 << bit).to_bytes(len(part), "big")
            forged = [*parts[:place], changed, *parts[place + 1 :]]
            assert is_refused(":".join(one.hex() for one in forged))


@given(st.text(string.ascii_letters + string.digits + "|", min_size=1, max_size=60))
def test_truncated_value_is_refused(plaintext: str) -> None:
    stored = cipher.encrypt(plaintext, identity=IDENTITY)

    read = {end for end in range(len(stored)) if not is_refused(stored[:end])}

    # Without its whole third part it is a value of the older system, which had none.
    assert read == {len(without_mac(stored))}


def test_value_without_mac_is_refused_without_allow_legacy() -> None:
    stored = without_mac(cipher.encrypt(API_KEY, identity=IDENTITY))

    with pytest.raises(DecryptionError):
        cipher.decrypt(stored, identity=IDENTITY, allow_legacy=False)


def test_value_moved_to_another_record_is_refused() -> None:
    stored = cipher.encrypt(API_KEY, identity=IDENTITY)

    with pytest.raises(DecryptionError):
        cipher.decrypt(stored, identity="01890a5d-ac96-774b-bcce-b302099a8058")


def test_wrong_key_is_refused() -> None:
    stored = Cipher(OTHER).encrypt(API_KEY, identity=IDENTITY)

    assert is_refused(stored)


def test_wrong_key_never_decrypts_a_legacy_value() -> None:
    key = older_key(OTHER)
    # In a thousand, about four have a valid padding under the wrong key by accident.
    values = [write_like_the_older_system(API_KEY, key) for _ in range(1000)]

    assert all(is_refused(value) for value in values)


def test_earlier_keys_decrypt_both_formats() -> None:
    rotated = Cipher(CURRENT, [OTHER, EARLIER])
    stored = Cipher(EARLIER).encrypt(API_KEY, identity=IDENTITY)
    older = write_like_the_older_system(API_KEY, older_key(EARLIER))

    assert rotated.decrypt(stored, identity=IDENTITY) == API_KEY
    assert rotated.decrypt(older, identity=IDENTITY) == API_KEY


def test_earlier_keys_never_encrypt() -> None:
    stored = Cipher(CURRENT, [EARLIER]).encrypt(API_KEY, identity=IDENTITY)

    assert cipher.decrypt(stored, identity=IDENTITY) == API_KEY


def test_only_a_value_with_mac_and_current_key_needs_no_rewrite() -> None:
    rotated = Cipher(CURRENT, [EARLIER])
    stored = {
        "current": rotated.encrypt(API_KEY, identity=IDENTITY),
        "earlier": Cipher(EARLIER).encrypt(API_KEY, identity=IDENTITY),
        "older": write_like_the_older_system(API_KEY, older_key(CURRENT)),
    }

    needed = {
        name: rotated.needs_rewrite(value, identity=IDENTITY) for name, value in stored.items()
    }

    assert needed == {"current": False, "earlier": True, "older": True}


def test_unreadable_value_raises_instead_of_needing_a_rewrite() -> None:
    stored = Cipher(OTHER).encrypt(API_KEY, identity=IDENTITY)

    with pytest.raises(DecryptionError):
        cipher.needs_rewrite(stored, identity=IDENTITY)


@pytest.mark.parametrize(
    "stored",
    [
        "",
        ":",
        "::",
        API_KEY,
        f"{'0' * 32}:",
        f"{'0' * 32}:{'0' * 31}",
        f"{'0' * 32}:{'0' * 32}",
        f"{'0' * 32}:{'0' * 32}:",
        f"{'0' * 32}:{'0' * 32}:{'0' * 64}:",
        f"{'0' * 32}:{'0' * 32}:{'0' * 64}\n",
        f"{'g' * 32}:{'0' * 32}",
        f"{'٠' * 32}:{'0' * 32}",
    ],
)
def test_value_of_another_format_is_refused(stored: str) -> None:
    assert is_refused(stored)


def test_upper_case_is_refused() -> None:
    assert is_refused(cipher.encrypt(API_KEY, identity=IDENTITY).upper())


def test_error_names_the_next_step_and_contains_no_value() -> None:
    stored = Cipher(OTHER).encrypt(API_KEY, identity=IDENTITY)

    with pytest.raises(DecryptionError) as raised:
        cipher.decrypt(stored, identity=IDENTITY)

    assert raised.value.message == (
        "A chave de API guardada não pôde ser lida: ela foi alterada ou a chave de "
        "criptografia mudou. Conecte a integração novamente."
    )
    assert raised.value.permanent
    assert raised.value.args == (raised.value.message,)
    assert raised.value.__context__ is None
