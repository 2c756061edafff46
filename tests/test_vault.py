"""The vault: a sealed value opens in its own place alone, and a digest tells nothing."""

import secrets
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recovery_api.db import Vaults
from recovery_api.vault import ClinicVault, DataKey, SealBroken

KEY = secrets.token_bytes(32)
CLINIC, OTHER, ROW = UUID(int=1), UUID(int=2), UUID(int=3)
VAULT = ClinicVault(CLINIC, KEY)


@given(st.text())
def test_what_was_sealed_opens_again(text: str) -> None:
    assert VAULT.open("message.body", ROW, VAULT.seal("message.body", ROW, text)) == text


def test_a_value_moved_to_another_row_column_table_or_clinic_does_not_open() -> None:
    sealed = VAULT.seal("patient.given_name", ROW, "Annwyl")
    for place, row in (
        ("patient.given_name", uuid4()),
        ("patient.family_name", ROW),
        ("clinician.given_name", ROW),
        ("patient.given_nam", ROW),
    ):
        with pytest.raises(SealBroken):
            VAULT.open(place, row, sealed)
    for moved in (ClinicVault(OTHER, KEY), ClinicVault(CLINIC, secrets.token_bytes(32))):
        with pytest.raises(SealBroken):
            moved.open("patient.given_name", ROW, sealed)


def test_a_value_that_was_changed_anywhere_or_cut_does_not_open() -> None:
    sealed = VAULT.seal("patient.given_name", ROW, "Annwyl")
    damaged = [bytes([*sealed[:at], sealed[at] ^ 1, *sealed[at + 1 :]]) for at in range(len(sealed))]
    damaged += [sealed[:length] for length in range(len(sealed))]
    for broken in damaged:
        with pytest.raises(SealBroken):
            VAULT.open("patient.given_name", ROW, broken)


def test_the_text_is_not_in_what_is_stored_and_no_two_seals_are_alike() -> None:
    seals = {VAULT.seal("message.body", ROW, "legs feel weak") for _ in range(50)}
    assert len(seals) == 50
    assert all(b"legs" not in seal for seal in seals)


def test_a_broken_seal_says_its_place_and_nothing_else() -> None:
    with pytest.raises(SealBroken) as broken:
        VAULT.open("patient.given_name", ROW, b"\x01" + b"Annwyl Testerby" * 3)
    assert str(broken.value) == "patient.given_name"
    assert broken.value.__suppress_context__


def test_a_digest_finds_equal_values_of_one_kind_in_one_clinic() -> None:
    phone = "+12125550141"
    assert VAULT.digest("phone", phone) == VAULT.digest("phone", phone)
    others = {
        VAULT.digest("phone", phone),
        VAULT.digest("email", phone),
        VAULT.digest("phone", "+12125550142"),
        ClinicVault(CLINIC, secrets.token_bytes(32)).digest("phone", phone),
    }
    assert len(others) == 4


def test_a_clinics_key_opens_with_its_data_key_for_its_own_clinic_alone() -> None:
    data_key = DataKey(KEY)
    wrapped = data_key.new_clinic_key(CLINIC)
    sealed = data_key.vault(CLINIC, wrapped).seal("message.body", ROW, "4")
    assert DataKey(KEY).vault(CLINIC, wrapped).open("message.body", ROW, sealed) == "4"
    assert data_key.new_clinic_key(CLINIC) != wrapped
    another = DataKey(secrets.token_bytes(32))
    for key, clinic, stored in (
        (data_key, OTHER, wrapped),
        (another, CLINIC, wrapped),
        (data_key, CLINIC, wrapped[:9]),
        (data_key, CLINIC, b""),
    ):
        with pytest.raises(SealBroken, match=r"clinic\.wrapped_key"):
            key.vault(clinic, stored)


def test_a_vault_is_remembered_by_clinic_and_key() -> None:
    vaults = Vaults(KEY)
    wrapped = vaults.data_key.new_clinic_key(CLINIC)
    assert vaults.of(CLINIC, wrapped) is vaults.of(CLINIC, bytearray(wrapped))
    assert vaults.of(CLINIC, vaults.data_key.new_clinic_key(CLINIC)) is not vaults.of(CLINIC, wrapped)


def test_a_log_in_name_is_found_however_it_is_written() -> None:
    data_key = DataKey(KEY)
    assert data_key.login_digest(" Ben@Clinic.example ") == data_key.login_digest("ben@clinic.example")
    assert data_key.login_digest("ben@clinic.example") != data_key.login_digest("cleo@clinic.example")
