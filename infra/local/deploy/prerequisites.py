"""What has to be there before a deployment is worth starting."""

import platform

from infra.local.deploy.faults import DeploymentFault


def check_machine(system: str | None = None, machine: str | None = None) -> None:
    """Raises ``DeploymentFault`` unless what is compiled here runs in Lambda.

    Which C library it may need at most is checked on what was built.
    """
    system, machine = system or platform.system(), machine or platform.machine()
    if (system, machine) != ("Linux", "x86_64"):
        raise DeploymentFault(
            f"Annoy is compiled where the functions are built, and this is {system} on {machine}: use Linux on x86-64, "
            "such as a small virtual machine with Debian 12."
        )
