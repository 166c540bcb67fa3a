"""The Runner on Ray: a bounded number of batches over actors that have answered.

Every CPU core of the cluster gets one generic actor, which loads whatever CPU backend a batch names; a backend that wants
a GPU, or an environment of its own, gets actors of its own: as many as the cards of its kind hold (four of half a card on
two). Backends that fit on a card together share it, others take turns. They reserve no core, since all of those are the generic actors'; their end, which comes
when others need the card or nothing was asked of them for minutes, gives its memory back. They are given several batches at once, so that the card never waits for the next. A dead actor
loses its batches (the loop splits or retries them) and is replaced; so is one whose card does not work any more. A card that
did that twice is given nothing further: an idle actor keeps it from others. Workers report their
package version and the catalogue that they read; another than the driver's is refused.

On a cluster some actors more are asked for than it has cores, as long as all are busy: they wait until a machine joins or
another program ends, and make an autoscaler add machines. Nothing is given to an actor before it has answered.
"""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayError, RayTaskError, RuntimeEnvSetupError

from creative.backends import BackendSpec
from creative.errors import RunnerError, UsageError
from creative.running.port import FLIGHTS, Batch, Outcome, Status, Worksite
from creative.show import console
from creative.signals import held
from workers.hands import Hands
from workers.ray_actors import OWN, Flight, Member, broken_card, compare, every, is_guilty, why_stillborn
from workers.ray_cluster import LOCAL, Room, actor_options, check_address, connect, end, first_line
from workers.ray_roster import CPU, Roster, group_of

_STILLBORN = 5
_SAID = 3
_IDLE_SECONDS = 1.0
_ENVIRONMENT_SECONDS = 600.0  # pip fetches what a backend's own environment has
_DOUBT_SECONDS = 30.0
_SICK = 2  # so often a card may have failed; once may have been the batch's doing
_WARY = 32  # batches of a group that go one at a time after a death of which nobody knows whose doing it was


@contextlib.contextmanager
def _plain_words() -> Iterator[None]:
    try:
        yield
    except RayError as error:
        raise RunnerError(f"Ray failed: {first_line(error)}") from error


class RayRunner(Roster):
    """See `creative.running.port.Runner`. `address`: a cluster's, or "local" for Ray on this machine."""

    def __init__(self, site: Worksite, address: str = LOCAL, workers: int | None = None) -> None:
        """Raises UsageError for an address that no run can be driven over."""
        self.address = check_address(address)
        self.site = site if address == LOCAL else replace(site, cache="")  # each machine has a place of its own
        self.workers = workers
        super().__init__(Room(address, _note))
        self._warned: set[str] = set()
        self._ours = False
        self._flights: dict[Any, Flight] = {}
        self._stillborn: Counter[str] = Counter()
        self._wary: Counter[str] = Counter()
        self._sick: Counter[str] = Counter()
        self._hopeless: dict[str, str] = {}  # groups whose environment cannot be made, and why
        self._turned_away: list[tuple[int, Sequence[Outcome]]] = []
        self._started = False

    @_plain_words()
    def free(self, spec: BackendSpec) -> int:
        """What actors that have answered can take; starts Ray and the actors at the first call, which waits for one of them."""
        self._start()
        group = group_of(spec)
        if group in self._hopeless:
            return 1  # for batches that `submit` turns away
        self._asked[group] = time.monotonic()
        if spec.resources.gpu:
            self._make_room(spec)
        if group != CPU and not self._of(group):
            self._hire_own(spec)
        self._greet(group)
        if group in self._hopeless:
            return 1
        free = sum(max(0, self._flights_of(group) - len(one.batches)) for one in self._of(group) if one.can(spec))
        if not free:
            self._check_able(spec)
            self._follow(group)
        return free

    @_plain_words()
    def check(self, specs: Sequence[BackendSpec]) -> None:
        """Raise UsageError for a backend that wants a card which this machine does not have. Of a cluster, say so: machines
        may join. Starts Ray.
        """
        self._start()
        for spec in specs:
            lacks = self._room.lacks(spec)
            if lacks and not self._room.remote:
                raise UsageError(
                    f"{lacks}: run on a machine or a cluster that has one (--address), or name another backend for "
                    f"{spec.kind} in the brief"
                )
            if lacks:
                _note(f"{lacks} yet: its steps wait for a machine with one, a quarter of an hour at most")

    @_plain_words()
    def submit(self, batch: Batch) -> None:
        """Give the batch to the actor that has least to do; one whose environment cannot be made is refused."""
        group = group_of(batch.spec)
        if group in self._hopeless:
            self._turned_away.append((batch.id, every(batch, "failed", self._hopeless[group])))
            return
        there = [one for one in self._of(group) if one.is_free and len(one.batches) < self._flights_of(group)]
        if not there:
            raise RunnerError("no idle worker: ask free() first")
        member = min(there, key=lambda one: len(one.batches))
        # Who answered a moment ago need not be asked: a call costs as much as a small step.
        idle = not member.batches and time.monotonic() - member.seen >= _IDLE_SECONDS
        member.batches.append(batch)
        flight = Flight(member, batch, "asked" if idle else "sent")
        self._flights[member.handle.begin.remote() if idle else member.handle.run.remote(batch)] = flight

    @_plain_words()
    def wait(self, timeout: float) -> Sequence[tuple[int, Sequence[Outcome]]]:
        """See `Runner.wait`."""
        self._let_go()
        if self._turned_away:
            turned, self._turned_away = self._turned_away, []
            return turned
        if not self._flights:
            time.sleep(min(timeout, 0.05))
            return ()
        until = time.monotonic() + timeout
        while True:
            left = max(0.0, until - time.monotonic())
            done, _ = ray.wait(list(self._flights), num_returns=1, timeout=left)
            if len(self._flights) > 1 and done:  # take all that is there, without waiting
                done, _ = ray.wait(list(self._flights), num_returns=len(self._flights), timeout=0)
            landed = [one for ref in done if (one := self._land(ref)) is not None]
            if landed or not done or not left:
                return landed

    def kill(self, batch: int) -> None:
        """End the batch's actor."""
        for flight in self._flights.values():
            if flight.batch.id == batch:
                flight.killed = flight.member.killed = True
                end(flight.member.handle)

    def close(self) -> None:
        """End every actor, and Ray where this runner started it. Interrupts wait until that is done.

        One that cuts `ray.shutdown` short leaves a driver without a core worker: the next use of Ray, if only an
        ObjectRef that is freed, ends the process without a word, exit code 1 (Ray 2.60).
        """
        with held():
            for member in self._members:
                end(member.handle)
            self._members.clear()
            self._flights.clear()
            self._stillborn.clear()
            if self._ours:
                ray.shutdown()
            self._ours = self._started = False

    def _start(self) -> None:
        if self._started:
            return
        self._started = True
        if not ray.is_initialized():
            self._ours = True  # from here on there may be something to end
            connect(self.address, self.workers)
        cores = int(self._room.total("CPU"))
        for _ in range(max(1, min(self.workers or cores, cores))):
            self._hire(CPU)
        while not any(member.ready for member in self._members):
            ray.wait([member.hello for member in self._members], timeout=1.0)
            self._greet(CPU)

    def _flights_of(self, group: str) -> int:
        """How many batches each of the group's actors may have at once."""
        owner = self._owners.get(group)
        return FLIGHTS if owner and owner.resources.gpu and not self._wary[group] else 1

    def _hire(self, group: str) -> None:
        owner = self._owners.get(group)
        options = actor_options(owner) if owner else {"num_cpus": 1}
        actor = ray.remote(Hands).options(max_restarts=0, max_task_retries=0, **options)
        handle = actor.remote(self.site, 1, owner.resources.gpu if owner else 0.0)
        self._members.append(Member(handle, group, handle.hello.remote(), time.monotonic()))

    def _hire_own(self, spec: BackendSpec) -> None:
        """As many actors as the backend's cards hold, else as there are cores; one waits where there is no card yet."""
        if not self._room.remote and (lacks := self._room.lacks(spec)):
            raise RunnerError(lacks)
        self._owners[group_of(spec)] = spec
        for _ in range(max(1, self._fitting(group_of(spec)))):
            self._hire(group_of(spec))

    def _follow(self, group: str) -> None:
        """All are busy, or none is there yet: have as many actors as the cluster may take now, and soon."""
        if not self._room.remote:
            return
        now = self._fitting(group)
        # `workers` is a number of cores; machines with cards are asked for one after another: they cost more than a wait.
        cores = 0 if self._is_on_card(group) else self.workers
        soon = 2 * now + 8 if cores else now + max(1, now // 2)
        wanted = max(1, min(cores or soon, soon))
        members = self._of(group)
        for _ in range(wanted - len(members)):
            self._hire(group)
        waiting = [member for member in reversed(members) if not member.ready and not member.seen]
        for member in waiting[: max(0, len(members) - wanted)]:  # machines have left: nobody waits for their return
            end(member.handle)
            self._members.remove(member)

    def _check_able(self, spec: BackendSpec) -> None:
        """Raise RunnerError when every worker that is there lacks what the backend needs."""
        there = [member for member in self._of(group_of(spec)) if member.ready]
        if there and spec.target.startswith(OWN) and all(member.lacks for member in there):
            raise RunnerError(
                f"the workers lack {there[0].lacks}: install the embedded workers where they run: "
                "pip install 'creative-farm[studio]'"
            )

    def _greet(self, group: str) -> None:
        """Mark the actors that have answered, without waiting; replace those that died before they could."""
        fresh = [member for member in self._of(group) if not member.ready and not member.benched]
        if fresh:
            answered, _ = ray.wait([member.hello for member in fresh], num_returns=len(fresh), timeout=0)
            for member in fresh:
                if member.hello in answered and member in self._members:
                    self._welcome(member)
        members = self._of(group)
        if group in self._hopeless:
            return
        if any(member.ready for member in members):
            self._room.came(group)
            return
        if not members:
            raise RunnerError(f"no {group} worker is left: those that ended could not be replaced")
        if all(member.benched for member in members):
            raise RunnerError(f"{group} has no card that works: {', '.join(sorted(member.card for member in members))}")
        owner = self._owners.get(group)
        on_card = owner if owner and owner.resources.gpu else None
        more = _ENVIRONMENT_SECONDS if owner and owner.runtime_env else 0.0
        self._room.wait_for(group, on_card, max(member.started for member in members) + more)

    def _welcome(self, member: Member) -> None:
        try:
            hello = ray.get(member.hello)
        except RayError as error:
            reason = why_stillborn(error)
            if isinstance(error, RuntimeEnvSetupError) or "runtime_env" in str(error):
                self._without_environment(member, reason)
                return
            self._replace(member)
            if not is_guilty(error) and not isinstance(error, RayTaskError):
                return  # its machine left before it could answer
            # What the worker itself says is wrong (no such table, no such store) will hardly be otherwise the next time.
            self._stillborn[member.group] += _SAID if isinstance(error, RayTaskError) else 1
            if self._stillborn[member.group] > _STILLBORN:
                self._members.pop()  # the one just hired: that leads nowhere
                if not any(other.ready for other in self._of(member.group)):
                    raise RunnerError(f"a worker could not start: {reason}") from error
            return
        compare(hello, self.site)
        member.card = hello["card"]
        if hello["sick"] or (member.card and self._sick[member.card] >= _SICK):
            member.benched, member.seen = True, time.monotonic()
            _note(f"{member.card}: {hello['sick'] or 'it failed twice'}. It gets nothing more in this run")
            return
        member.ready, member.seen, member.lacks = True, time.monotonic(), hello["lacks"]
        self._stillborn[member.group] = 0
        if member.lacks and hello["host"] not in self._warned:
            self._warned.add(hello["host"])
            _note(
                f"{hello['host']} lacks {member.lacks}: it gets no work of the embedded workers (pip install 'creative-farm[studio]')"
            )

    def _without_environment(self, member: Member, reason: str) -> None:
        """Its environment could not be made: where no other machine has made it, this run does without the backend."""
        end(member.handle)
        self._members.remove(member)
        if any(other.ready for other in self._of(member.group)):
            return
        for other in self._of(member.group):
            end(other.handle)
            self._members.remove(other)
        self._hopeless[member.group] = f"the environment that {member.group} asks for could not be made: {reason}"
        _note(f"{self._hopeless[member.group]}. What needs it fails in this run; the rest goes on")

    def _replace(self, member: Member) -> None:
        if member not in self._members:
            return  # another batch of the same actor said so before
        self._dismiss(member)
        if not member.leaving:
            self._hire(member.group)

    def _land(self, ref: Any) -> tuple[int, Sequence[Outcome]] | None:
        """What became of a batch; None while it goes on."""
        flight = self._flights.pop(ref)
        member, batch = flight.member, flight.batch
        try:
            answer = ray.get(ref)
        except RayError as error:
            return self._fall(flight, error)
        if flight.stage == "asked" and not flight.killed:
            flight.stage = "sent"
            self._flights[member.handle.run.remote(batch)] = flight
            return None
        member.batches.remove(batch)
        member.seen = time.monotonic()
        self._wary[member.group] -= self._wary[member.group] > 0
        if flight.killed or flight.stage == "doubted":  # killed: even if it answered just before
            self._replace(member)
        elif member.leaving and not member.batches:
            self._dismiss(member)
        return batch.id, answer if flight.stage == "sent" else every(
            batch, "unavailable", "its worker was out of reach"
        )

    def _fall(self, flight: Flight, error: RayError) -> tuple[int, Sequence[Outcome]] | None:
        """The same of one whose call came to nothing."""
        member, batch = flight.member, flight.batch
        if isinstance(error, ActorUnavailableError) and flight.stage != "asked" and not flight.killed:
            flight.doubted_until = flight.doubted_until or time.monotonic() + _DOUBT_SECONDS
            if time.monotonic() < flight.doubted_until:
                flight.stage = "doubted"
                self._flights[member.handle.begin.remote()] = flight
                return None
        card = "" if flight.killed else broken_card(error)
        if card and member in self._members:
            self._sick[member.card] += 1
            _note(f"a card failed: {card}")
        member.together = member.together or len(member.batches) > 1
        member.batches.remove(batch)
        member.seen = time.monotonic()
        if (
            isinstance(error, RayTaskError) and not flight.killed and not card
        ):  # it could not be sent or read; the actor is well
            return batch.id, every(batch, "unavailable", first_line(error))
        self._replace(member)
        if flight.killed:
            status: Status = "unavailable" if flight.stage == "asked" else "lost"
            return batch.id, every(batch, status, "its worker was ended")
        if member.killed:
            return batch.id, every(batch, "unavailable", "its worker was ended for another batch")
        self._ask_again()
        why = f"its card failed: {card}" if card else f"its worker died: {first_line(error)}"
        if member.together:
            # One of several was it: nobody is blamed, and from here on they go one at a time until it shows which.
            self._wary[member.group] = _WARY
            return batch.id, every(batch, "unavailable", why)
        guilty = flight.stage != "asked" and (bool(card) or is_guilty(error))
        return batch.id, every(batch, "lost" if guilty else "unavailable", why)

    def _ask_again(self) -> None:
        """After a death, every idle actor has to say that it is there: what killed one may have killed others."""
        for member in self._members:
            if member.ready and not member.batches:
                member.ready, member.hello, member.started = False, member.handle.hello.remote(), time.monotonic()


def _note(line: str) -> None:
    console.print(line, markup=False, soft_wrap=True)
