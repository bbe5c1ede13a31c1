"""What every format becomes: shares and pools in our words, with comments for their reader."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from smartserial.convert.remarks import Place, Remarks, named

Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value]"
"""What YAML can hold, as far as our configuration needs it."""

Mapping: TypeAlias = dict[str, Value]

_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")
_OWN = frozenset({"port", "virtual"})  # kinds of devices that only one share may have


@dataclass(slots=True)
class Share:
    """A share of ours to be.

    Args:
        name: as in the other file; `Draft.add` makes one of ours of it.
        place: where it stands there.
        was: what it is there, in words.
        device, sharing, packets, capture: keys and values of ours; empty: nothing is said.
        connect: whom it calls, in keys and values of ours; empty: nobody.
        tls: the set of files that its listeners are encrypted with; empty: they are not.
        listen: listeners in keys and values of ours.
        comments: what its reader must know, one line each.
    """

    name: str
    place: Place
    was: str
    device: Mapping = field(default_factory=dict)
    listen: list[Mapping] = field(default_factory=list)
    sharing: Mapping = field(default_factory=dict)
    packets: Mapping = field(default_factory=dict)
    capture: Mapping = field(default_factory=dict)
    tls: Mapping = field(default_factory=dict)
    connect: Mapping = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)

    @property
    def wanted(self) -> tuple[str, Value] | None:
        """The device, if it is one that two shares cannot have."""
        return next(((key, self.device[key]) for key in self.device if key in _OWN), None)


@dataclass(slots=True)
class Pool:
    """A pool of ours to be.

    Args:
        name: as in the other file; `Draft.add_pool` makes one of ours of it.
        place: where it stands there.
        was: what it is there, in words.
        shares: of the draft, in their order, each once.
        listen: listeners in keys and values of ours.
        tls: the set of files that they are encrypted with; empty: they are not.
        comments: what its reader must know, one line each.
    """

    name: str
    place: Place
    was: str
    shares: list[Share]
    listen: list[Mapping]
    tls: Mapping = field(default_factory=dict)
    comments: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Draft:
    """A configuration of ours to be.

    Args:
        source: the name of the file that it is made of.
        shares: in the order of that file.
        pools: of these shares.
        console: keys and values of ours.
        tls: sets of files by their names.
        remarks: what is to be told.
        comments: for the top of the file.
    """

    source: str
    shares: list[Share] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    console: Mapping = field(default_factory=dict)
    tls: dict[str, Mapping] = field(default_factory=dict)
    remarks: Remarks = field(default_factory=Remarks)
    comments: list[str] = field(default_factory=list)

    def add(self, share: Share) -> Share:
        """Take a share in, under a name of its own; one on a device that another has joins that one.

        Returns:
            The share that serves its clients.
        """
        self._encrypt(share)
        other = next((one for one in self.shares if one.wanted and one.wanted == share.wanted), None)
        if other is not None:
            self._join(other, share)
            return other
        self._tell_name(share, "share")
        share.name = self._free_name(share.name, "share")
        self._one_capture(share)
        self.shares.append(share)
        return share

    def add_pool(self, pool: Pool) -> None:
        """Take a pool in, under a name of its own."""
        self._encrypt(pool)
        self._tell_name(pool, "pool")
        pool.name = self._free_name(pool.name, "pool")
        self.pools.append(pool)

    def pools_of(self, share: Share) -> list[Pool]:
        """Return the pools that have a share."""
        return [pool for pool in self.pools if any(one is share for one in pool.shares)]

    def take_out(self, share: Share) -> None:
        """Take a share out, also of its pools; a pool of which nothing is left goes, with a remark."""
        self.shares = [one for one in self.shares if one is not share]
        for pool in self.pools_of(share):
            pool.shares = [one for one in pool.shares if one is not share]
            if not pool.shares:
                self.pools.remove(pool)
                self.remarks.add(pool.place, pool.was, "none of its shares is left", "write the pool by hand")

    def _tell_name(self, holder: Share | Pool, instead: str) -> None:
        """Say that a name is another one here, since something in it cannot be in a name of ours."""
        if own_name(holder.name, instead) == holder.name:
            return
        remark = self.remarks.add(
            holder.place,
            f"the name {named(holder.name)}",
            f"names here have letters from A to Z, digits, `.`, `_` and `-`; it is {instead} "
            + self._free_name(holder.name, instead),
            "give it another one, if you like",
            lost=False,
        )
        holder.comments.append(remark.words)

    def _free_name(self, text: str, instead: str) -> str:
        taken = {one.name for one in self.shares} | {one.name for one in self.pools}
        base = name = own_name(text, instead)
        number = 2
        while name in taken:
            name, number = f"{base}-{number}", number + 1
        return name

    def _encrypt(self, holder: Share | Pool) -> None:
        """Give the listeners their set of files by its name."""
        if not holder.tls:
            return
        name = next((name for name, files in self.tls.items() if files == holder.tls), "")
        name = name or f"set-{len(self.tls) + 1}"
        self.tls[name] = holder.tls
        for listener in holder.listen:
            listener["tls"] = name

    def _join(self, share: Share, more: Share) -> None:
        """Make one share of two on the same device."""
        remark = self.remarks.add(
            more.place,
            f"{more.was} is on the device of {share.was}",
            "here a device has one share, and clients of all its listeners are served at once",
            f"look at the listeners and at max_clients of {share.name}",
            lost=False,
        )
        share.comments += [remark.words, *more.comments]
        if more.device != share.device or more.capture != share.capture or more.packets != share.packets:
            remark = self.remarks.add(
                more.place,
                f"settings of {more.was}",
                f"{share.was} has others for the same device, and those are taken",
                "change them by a client of RFC 2217, or in the file",
            )
            share.comments.append(remark.words)
        share.listen += more.listen
        share.connect = share.connect or more.connect
        limits = [one.sharing.get("max_clients", 1) for one in (share, more)]
        share.sharing["max_clients"] = max(limit for limit in limits if isinstance(limit, int))

    def _one_capture(self, share: Share) -> None:
        """Leave out a capture whose file another share has."""
        file = share.capture.get("file")
        if file is not None and any(one.capture.get("file") == file for one in self.shares):
            remark = self.remarks.add(
                share.place,
                f"the trace or log of {share.was}",
                "another share writes the same file",
                "give `capture` a file of its own",
            )
            share.comments.append(remark.words)
            share.capture = {}


def own_name(text: str, instead: str = "share") -> str:
    """Make a name of ours of any text: letters, digits, `.`, `_` and `-`, a letter or digit first.

    Args:
        text: what is there.
        instead: the name, if nothing of the text can be in one.
    """
    return _FOREIGN.sub("-", text).strip("-._") or instead
