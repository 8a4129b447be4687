"""All commands of `vouch`, gathered. Heavy libraries load inside the commands that need them."""

import typer

from console import (
    data_commands,
    decision_commands,
    feature_commands,
    ledger_commands,
    model_commands,
    monitor_commands,
    policy_commands,
    publish_commands,
    simulate_command,
    switch_commands,
    train_commands,
)
from console.demo import demo
from console.doctor import doctor

for of_policy in (
    publish_commands.publish,
    publish_commands.approve,
    publish_commands.withdraw,
    publish_commands.rollback,
    simulate_command.simulate,
    switch_commands.stop,
    switch_commands.resume,
    switch_commands.stops,
):
    policy_commands.app.command()(of_policy)

app = typer.Typer(
    help="Credit scoring and risk decisions from payment histories.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.command()(doctor)
app.add_typer(data_commands.app, name="data")
app.add_typer(feature_commands.app, name="features")
app.add_typer(train_commands.app, name="train")
app.add_typer(model_commands.app, name="models")
app.command()(decision_commands.serve)
app.command()(decision_commands.decide)
app.command()(decision_commands.replay)
app.add_typer(policy_commands.app, name="policy")
app.add_typer(ledger_commands.app, name="ledger")
app.add_typer(monitor_commands.app, name="monitor")
