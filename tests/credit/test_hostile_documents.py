"""What a hostile or careless partner writes is refused in one line, and loosens nothing."""

from pathlib import Path

import pytest

from credit.errors import InputError
from credit.policy.documents import Document, read_document
from credit.policy.layers import awaiting, loosenings, stacked

TEXT = (Path(__file__).resolve().parents[2] / "partners" / "platform.toml").read_text("utf-8")
TRAVEL = 'layer="industry"\nname="travel"\nparent="platform"\nversion="1"\nlead="inn"\n'
OWN = 'layer="partner"\nname="inn"\nparent="platform"\nversion="1"\n'
MEMBER = OWN.replace('"platform"', '"travel"')
BANKS = 'layer="scene"\nname="inn.power_bank"\nparent="inn"\nscene="power_bank"\nversion="1"\n'
FACT = '[[loan.context]]\nname="{name}"\nkind="{kind}"\nrequired=true\nmeaning="m"\n'
RULE = (
    '[[loan.knockouts]]\nfeature="{feature}"\nop="{op}"\nvalue={value}\nreason="PARTNER_RULE"\n'
    'outcome="decline"\nmissing="passes"\n'
)


def stack(*texts: str) -> list[Document]:
    return [read_document(text) for text in (TEXT, *texts)]


def ranged(field: str, least: object, most: object, *, approval: str = "false") -> str:
    head = f'[[delegated.ranges]]\nfield="{field}"\nfirst_loss_minor=0\napproval={approval}\n'
    return f"{head}least={least}\nmost={most}\n"


@pytest.mark.parametrize(
    ("field", "least", "most"),
    [
        ("credit_max_minor", 0, 50_000),
        ("deposit_max_minor", 1, 100_000),
        ("duration_days_max", 1, 31),
    ],
)
def test_what_a_new_scene_may_have_is_not_passed_on_to_scenes_with_less(field, least, most):
    delegates = OWN + ranged(f"waiver.scenes.*.{field}", least, most)
    takes = f"{BANKS}[waiver.scenes.power_bank]\n{field} = {most}\n"
    above = getattr(stacked(stack()).waiver.scenes["power_bank"], field)
    assert loosenings(stack(delegates))
    assert loosenings(stack(delegates, takes))
    assert getattr(stacked(stack(delegates, takes)).waiver.scenes["power_bank"], field) == above


def test_a_row_for_every_scene_does_not_reopen_what_an_industry_chose():
    fixed = TRAVEL + "[waiver.scenes.hotel]\ngrace_hours = 24\n"
    reopens = MEMBER + ranged("waiver.scenes.*.grace_hours", 12, 168)
    takes = BANKS.replace("power_bank", "hotel") + "[waiver.scenes.hotel]\ngrace_hours = 168\n"
    assert loosenings(stack(fixed, reopens))
    assert stacked(stack(fixed, reopens, takes)).waiver.scenes["hotel"].grace_hours == 24


def test_a_row_for_every_scene_passes_on_what_all_of_them_may_choose():
    narrower = TRAVEL + ranged("waiver.scenes.*.grace_hours", 24, 100)
    takes = MEMBER + "[waiver.scenes.hotel]\ngrace_hours = {}\n"
    assert not loosenings(stack(narrower))
    assert not loosenings(stack(narrower, takes.format(100)))
    assert loosenings(stack(narrower, takes.format(101)))


def test_bands_cut_by_a_row_that_asks_for_approval_await_it():
    free, row = 'field = "loan.bands"\nleast = 2\nmost = 9\nfirst_loss_minor = 0\n', "approval = "
    assert f"{free}{row}false" in TEXT
    asks = TEXT.replace(f"{free}{row}false", f"{free}{row}true")
    bands = "".join(
        f'[[loan.bands]]\nname="{name}"\nprobability_from={begin}\nprobability_to={end}\n'
        "amount_max_minor=0\nturnover_multiple=0\n"
        for name, begin, end in (("A", 0, 0.5), ("B", 0.5, 1))
    )
    assert awaiting([read_document(asks), read_document(OWN + bands)]) == ("loan.bands",)
    assert awaiting([read_document(TEXT), read_document(OWN + bands)]) == ()


@pytest.mark.parametrize(
    "rows",
    [
        ranged("waiver.scenes.*.partial_allowed", 0, 1),
        ranged("loan.repayment_type", 0, 1),
        ranged("waiver.no_history.outcome", 0, 1),
        ranged("loan.bands.amount_max_minor", 0, 1),
        (
            '[[delegated.choices]]\nfield="loan.amount_max_minor"\nchoices=["x"]\n'
            "first_loss_minor=0\napproval=false\n"
        ),
        "[loan]\namount_max_minor = 1e99999999999999999999\n",
        '[waiver.scenes."bike\\n"]\noffered = true\n',
        '[waiver.scenes."b\\u0456ke"]\noffered = true\n',
        "#" * 70_000,
        RULE.format(feature="request.amount_minor", op="==", value='"x"'),
        RULE.format(feature="request.amount_minor", op=">", value="1e999"),
        RULE.format(feature="request.amount_minor", op=">", value="1" + "0" * 400),
        FACT.format(name="x", kind="number")
        + RULE.format(feature="context.x", op="==", value='"y"'),
        FACT.format(name="x", kind="text") + RULE.format(feature="context.x", op="==", value="1"),
        FACT.format(name="home-city", kind="text"),
        FACT.format(name="x", kind="text").replace('"m"', '"m\\u202e"'),
    ],
)
def test_what_could_never_be_decided_by_is_refused_in_a_short_line(rows):
    with pytest.raises(InputError) as refused:
        stacked(stack(OWN + rows))
    assert len(str(refused.value)) < 600


@pytest.mark.parametrize("version", [r"1\n2026-11-01 platform@9 approved ann", "1@2", "1 ", "í"])
def test_a_version_cannot_forge_a_line_of_history(version):
    with pytest.raises(InputError, match="version is"):
        read_document(OWN.replace('"1"', f'"{version}"'))
