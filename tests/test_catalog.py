"""The catalog: where device protocols are found, which one is taken, and what is refused."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent

from twisted.trial.unittest import SynchronousTestCase

import smartserial
from smartserial.catalog import Broken, Catalog, Found, Source, UnknownProtocolError
from smartserial.definition.check import WrongDefinitionError
from smartserial.errors import DefinitionError
from smartserial.plugin import OptionError

from .configs import device
from .rulebook import definition
from .support import GUARD, TWISTD

ROOT = Path(smartserial.__file__).parents[1]
HEAD = """\
from smartserial.definition import authoring as a
from smartserial.definition.action import QAction
from smartserial.definition.protocol import Protocol
from smartserial.plugin import *

wind, end = a.text(1, "wind", 4), a.trailer(2, "end", "\\r")
definition = Protocol(
    "Mast",
    connections=(a.smart_serial("IP Connection"),),
    params=(wind, end),
    responses=(a.response(1, "wind", wind, end),),
    relative_timers=True,
)
"""
MAST = """\
class Mast(DeviceProtocol):
    '''A weather mast.'''

    name = "acme-mast"
    version = "{version}"
    limit = option(2.5, help="m/s")
    definition = definition

    @on_change(wind)
    def changed(self, view):
        yield log("info", "changed")
"""


def mast(version: str = "1.0.0.1", more: str = "mast = Mast()\n") -> str:
    return HEAD + MAST.format(version=version) + more


def xml(version: str = "1.0.0.1", name: str = "Test") -> str:
    text = definition().replace("<Version>1.0.0.1<", f"<Version>{version}<")
    return text.replace("<Name>Test<", f"<Name>{name}<")


class Case(SynchronousTestCase):
    maxDiff = None

    def setUp(self) -> None:
        folder = TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        return path

    def name_and_version(self, found: Found) -> tuple[str, str, Source]:
        return found.name, found.version, found.source


class FilesTest(Case):
    def test_a_path(self) -> None:
        path = self.write("Some where/Protocol.xml", xml("3.0.0.9", "Acme  Weather Mast!"))
        found = Catalog().find(str(path))
        self.assertEqual(self.name_and_version(found), ("acme-weather-mast", "3.0.0.9", Source.PATH))
        self.assertEqual((found.where, found.load().protocol.version), (str(path), "3.0.0.9"))
        self.assertEqual(found.load().reactions, ())

    def test_paths_that_cannot_be_used(self) -> None:
        for name, text, said in (
            ("none.xml", None, "No such file"),
            ("other.xml", "<Other/>", "expected the element Protocol, found Other"),
            ("broken.xml", "<Protocol>", ""),
            ("version.xml", xml("1.0"), "expected a version of four numbers"),
            ("Näme.xml", xml(name="?"), "expected a name of lower-case words"),
            (
                "Uni.xml",
                xml(name="Ünï"),
                "expected a name of lower-case words with hyphens, as in acme-weather",
            ),
        ):
            with self.subTest(name=name):
                path = self.folder / name if text is None else self.write(name, text)
                error = self.assertRaises(DefinitionError, Catalog().find, str(path))
                self.assertIn(said, str(error))

    def test_a_definition_with_errors_is_found_and_not_loaded(self) -> None:
        body = '<Params><Param id="1"><Name>a</Name><Type>raed</Type></Param></Params>'
        found = Catalog().find(str(self.write("wrong.xml", definition(body))))
        error = self.assertRaises(WrongDefinitionError, found.load)
        self.assertIn("PA01", [one.code for one in error.findings])
        self.assertIn("wrong@1.0.0.1:4:", str(error))

    def test_a_file_has_no_options(self) -> None:
        found = Catalog().find(str(self.write("a.xml", xml())))
        self.assertRaises(OptionError, found.load, {"limit": "1"})

    def test_folders_in_their_order(self) -> None:
        self.write("one/acme-mast.xml", xml("1.0.0.1"))
        self.write("two/acme-mast.xml", xml("9.0.0.1"))
        self.write("two/acme-lamp.xml", xml("1.0.0.1"))
        one, two = self.folder / "one", self.folder / "two"
        for paths, version in (((one, two), "1.0.0.1"), ((two, one), "9.0.0.1")):
            found = Catalog(paths).find("acme-mast")
            self.assertEqual(self.name_and_version(found), ("acme-mast", version, Source.FOLDER))
            self.assertEqual(Catalog(paths).find("acme-mast@9.0.0.1").where, str(two / "acme-mast.xml"))
            self.assertEqual(Catalog(paths).find("acme-lamp").name, "acme-lamp")

    def test_a_file_among_the_paths(self) -> None:
        path = self.write("acme-mast.xml", xml())
        self.assertEqual(Catalog([path]).find("acme-mast").where, str(path))

    def test_the_highest_version_of_a_folder(self) -> None:
        for version in ("1.0.0.9", "1.0.0.10", "1.0.0.2"):
            self.write(f"acme-mast@{version}.xml", xml(version))
        catalog = Catalog([self.folder])
        self.assertEqual(catalog.find("acme-mast").version, "1.0.0.10")
        self.assertEqual(catalog.find("acme-mast@1.0.0.2").version, "1.0.0.2")
        listed = [one.version for one in catalog.listing().protocols if one.name == "acme-mast"]
        self.assertEqual(listed, ["1.0.0.10", "1.0.0.9", "1.0.0.2"])

    def test_before_what_is_bundled(self) -> None:
        self.write("visca.xml", xml("0.0.0.1"))
        catalog = Catalog([self.folder])
        self.assertEqual(self.name_and_version(catalog.find("visca")), ("visca", "0.0.0.1", Source.FOLDER))
        self.assertEqual(catalog.find("visca@1.0.0.1").source, Source.BUNDLED)
        self.assertEqual(Catalog().find("visca").source, Source.BUNDLED)

    def test_what_there_is_not(self) -> None:
        for name, said in (
            ("viska", "there is no device protocol viska: did you mean visca?"),
            ("visca@2.0.0.0", "there is no version 2.0.0.0 of visca: there is 1.0.0.1"),
            ("visca@2", "expected NAME, NAME@VERSION or a path of a device protocol, found 'visca@2'"),
            ("Visca", "expected NAME, NAME@VERSION or a path"),
            ("", "expected NAME, NAME@VERSION or a path"),
        ):
            with self.subTest(name=name):
                error = self.assertRaises(UnknownProtocolError, Catalog().find, name)
                self.assertTrue(str(error).startswith(said), error)

    def test_broken_ones_and_doubles_are_one_line_each(self) -> None:
        self.write("one/broken.xml", "<Protocol>\n<Name>")
        self.write("one/visca.xml", xml("1.0.0.1"))
        self.write("one/lamp.xml", xml("1.0.0.1"))
        catalog = Catalog([self.folder / "one", self.folder / "none"])
        listing = catalog.listing()
        self.assertEqual([one.name for one in listing.protocols][:2], ["lamp", "visca"])
        self.assertEqual(len([one for one in listing.protocols if one.name == "visca"]), 1)
        self.assertEqual(
            [Path(one.where).name for one in listing.problems], ["broken.xml", "none", "visca.xml"]
        )
        self.assertIn("visca@1.0.0.1 is never taken", str(listing.problems[2]))
        self.assertFalse(any("\n" in str(one) for one in listing.problems))

    def test_nothing_is_taken_in_place_of_what_is_broken(self) -> None:
        """Nobody knows which version it would be, so that no later place is asked for one either."""
        self.write("visca.xml", "<Protocol>")
        for name in ("visca", "visca@1.0.0.1"):
            error = self.assertRaises(DefinitionError, Catalog([self.folder]).find, name)
            self.assertIn("visca.xml", str(error))

    def test_a_version_beside_what_is_broken(self) -> None:
        self.write("visca@2.xml", "<Protocol>")
        self.write("visca@1.xml", xml("1.0.0.7"))
        catalog = Catalog([self.folder])
        self.assertEqual(catalog.find("visca@1.0.0.7").source, Source.FOLDER)
        for name in ("visca", "visca@1.0.0.1"):
            self.assertRaises(DefinitionError, catalog.find, name)

    def test_which_files_of_a_folder(self) -> None:
        self.write(".hidden.xml", xml())
        self.write("._acme.xml", "<Protocol>")
        self.write("ACME.XML", xml(name="Acme Lamp"))
        self.write("mast.xml.bak", xml())
        listing = Catalog([self.folder]).listing()
        self.assertEqual(
            [one.name for one in listing.protocols if one.source is Source.FOLDER], ["acme-lamp"]
        )
        self.assertEqual(listing.problems, ())

    def test_what_everybody_may_write(self) -> None:
        """A file of a folder, and code anywhere; a file of XML that an operator names is read."""
        path = self.write("folder/acme-mast.xml", xml())
        code = self.write("folder/mast.py", mast())
        for one, mode in ((path, 0o666), (path.parent, 0o777), (path.parent, 0o1777)):
            one.chmod(mode)
            catalog = Catalog([path.parent])
            error = self.assertRaises(DefinitionError, catalog.find, "acme-mast")
            self.assertIn("refused: everybody may write", str(error))
            self.assertEqual([one.where for one in catalog.listing().problems], [str(path)])
            self.assertEqual(catalog.find(str(path)).name, "acme-mast")
            if one is not path:
                self.assertIn("refused", str(self.assertRaises(DefinitionError, catalog.find, str(code))))
            one.chmod(0o755)


class CodeTest(Case):
    """Python in a file that is named, in this process."""

    def find(self, text: str) -> Found:
        return Catalog().find(str(self.write("mast.py", text)))

    def refused(self, text: str, *said: str) -> str:
        error = str(self.assertRaises(DefinitionError, self.find, text))
        for word in said:
            self.assertIn(word, error)
        self.assertNotIn("\n", error)
        return error

    def spoiled(self, text: str, *said: str) -> None:
        """It is found, and its faults come when it is loaded."""
        found = self.find(text)
        error = self.assertRaises(WrongDefinitionError, found.load)
        self.assertEqual([one.code for one in error.findings], ["PL01"])
        for word in said:
            self.assertIn(word, str(error))

    def test_it_is_found_and_loaded(self) -> None:
        found = self.find(mast("1.0.0.7"))
        self.assertEqual(self.name_and_version(found), ("acme-mast", "1.0.0.7", Source.PATH))
        self.assertEqual(found.description, "A weather mast.")
        loaded, other = found.load(), found.load({"limit": "4"})
        self.assertEqual((loaded.protocol.name, loaded.reactions[0].which), ("Mast", 1))
        limits = [one.reactions[0].call.__self__.limit for one in (loaded, other)]  # type: ignore[attr-defined]
        self.assertEqual(limits, [2.5, 4.0])
        self.assertFalse(any("mast" in name for name in sys.modules if name.startswith("smartserial_")))

    def test_wrong_options(self) -> None:
        found = self.find(mast())
        for options in ({"limit": "x"}, {"limits": 1}):
            self.assertRaises(OptionError, found.load, options)

    def test_bound_qactions_are_no_finding(self) -> None:
        text = mast().replace(
            "    relative", "    qactions=(QAction(1, 'a', (1,)), QAction(2, 'b', (1,))),\n    relative"
        )
        found = self.find(text.replace("@on_change(wind)", "@on_change(wind)\n    @qaction('a')"))
        paths = [one.path for one in found.judge("x", {}).findings if one.code == "QA03"]
        self.assertEqual(paths, ["Protocol/QActions/QAction[2]"])

    def test_faults_at_import(self) -> None:
        self.refused("import nothing_like_this", "mast.py:1", "ModuleNotFoundError")
        self.refused("x = 1\nraise ValueError('a\\n\\x1b[2Jb')", "mast.py:2: ValueError: a")
        self.refused("x = 1\nx x", "mast.py:2", "SyntaxError")
        self.refused("import sys\nsys.exit(0)", "mast.py:2", "SystemExit")
        self.refused("raise BaseException", "mast.py:1", "BaseException")
        self.refused("x\0", "")
        self.refused("class E(Exception):\n  def __str__(self): raise E()\nraise E()", "it cannot say what")

    def test_a_keyboard_interrupt_of_its_own(self) -> None:
        """It is one more thing that a plugin may raise; a key that is pressed is none."""
        self.refused("x = 1\nraise KeyboardInterrupt", "mast.py:2: KeyboardInterrupt")
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)
        self.refused("raise KeyboardInterrupt", "mast.py:1: KeyboardInterrupt")
        path = self.write("mast.py", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nx = 1")
        self.assertRaises(KeyboardInterrupt, Catalog().find, str(path))
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)

    def test_the_place_is_its_author_s(self) -> None:
        """Where our own code refuses it, the line that called it is told."""
        line = len((HEAD + MAST).splitlines())
        for more, said in (
            ("class B(DeviceProtocol):\n  name, version = 'Bad', '1'", "TypeError: B: expected a name"),
            ("class B(Mast):\n  name, version = 'b', '1'", "TypeError: B: expected a version"),
            ("every(0)", "ValueError: expected 0.001 to "),
            ("every('x')", "TypeError: expected seconds"),
            ("on_change('wind')", "TypeError: expected a param"),
        ):
            self.refused(mast(more=more), f"mast.py:{line + 1}: {said}")

    def test_what_it_prints_is_no_output_of_ours(self) -> None:
        out, err = io.StringIO(), io.StringIO()
        text = mast(more="print('import')\nmast = Mast()\nMast.definition = lambda s, o: print('definition')")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            self.find(text).judge("x", {})
        self.assertEqual((out.getvalue(), err.getvalue()), ("", "import\ndefinition\n"))

    def test_what_is_never_called(self) -> None:
        """A reaction to something that the definition does not have is a warning."""
        marks = "@on_change(wind, 65045)\n    @on_change(999)\n    @after(1, 9)\n    @qaction('no', 7)"
        found = self.find(mast().replace("@on_change(wind)", marks)).judge("x", {})
        self.assertIsNotNone(found.protocol)
        mine = [str(one) for one in found.findings if one.code == "PL02"]
        lines = ["param 999", "response 9", "QAction 'no'", "QAction 7"]
        head, tail = (
            "x: PL02 warning: acme-mast@1.0.0.1: Mast.changed waits for",
            "which its definition does not have",
        )
        self.assertEqual(mine, [f"{head} {what}, {tail}" for what in lines])

    def test_options_that_are_the_author_s_fault(self) -> None:
        """An operator who said nothing is told nothing of options."""
        self.spoiled(
            mast(more="mast = Mast()\nMast.definition = lambda s, o: option(1, int).read('a', 'x')"),
            "OptionError",
        )
        period = mast().replace("@on_change(wind)", "@every(limit)")
        self.assertRaises(OptionError, self.find(period).load, {"limit": "0"})
        self.assertEqual(len(self.find(period).load().reactions), 1)
        odd = mast().replace("option(2.5", "option([2.5], lambda text: 1 / 0")
        self.assertEqual(len(self.find(odd).load().reactions), 1)
        judged = self.find(odd).judge("x", {"limit": "1"})
        self.assertIn("ZeroDivisionError", str(judged.findings[0]))

    def test_nothing_in_it(self) -> None:
        self.refused("x = 1", "expected an instance of a DeviceProtocol")
        self.refused(mast(more=""), "expected an instance of a DeviceProtocol")
        self.refused(mast(more="one, two = Mast(), Mast()"), "expected one device protocol", "found 2")

    def test_wrong_types(self) -> None:
        self.refused(mast(more="mast = Mast()\nMast.name = 5"), "expected a name")
        self.refused(mast(more="mast = Mast()\nMast.version = 'x'"), "expected a version")
        self.refused(mast(more="mast = Mast()\nMast.options = 5"), "expected a mapping of Option values")
        self.refused(
            mast(more="mast = Mast()\nMast.options = {'a': 5}"), "expected a mapping of Option values"
        )
        self.refused(
            mast(more="mast = Mast()\nMast.options = property(lambda s: 1 / 0)"), "ZeroDivisionError"
        )
        self.refused(mast(more="mast = Mast()\nMast.reactions = 5"), "reactions")

    def test_faults_of_methods(self) -> None:
        for more, said in (
            ("Mast.definition = lambda s, o: 1 / 0", "ZeroDivisionError"),
            ("Mast.definition = lambda s, o: 5", "expected a Protocol as definition, found int"),
            ("Mast.definition = lambda s, o: Protocol(5, params=7)", ""),
            ("Mast.reactions = lambda s, o: 5", "TypeError"),
            ("Mast.reactions = lambda s, o: [5]", "expected Reaction values as reactions, found int"),
            ("Mast.reactions = lambda s, o: exit(3)", "SystemExit"),
        ):
            with self.subTest(more=more):
                self.spoiled(mast(more=f"mast = Mast()\n{more}"), said)

    def test_a_definition_with_errors(self) -> None:
        found = self.find(mast().replace("params=(wind, end)", "params=(end,)"))
        error = self.assertRaises(WrongDefinitionError, found.load)
        self.assertIn("RE01", [one.code for one in error.findings])
        self.assertEqual({one.file for one in error.findings}, {"acme-mast@1.0.0.1"})


class InstalledTest(Case):
    """Plugins as other packages install them, each in a process of its own."""

    def setUp(self) -> None:
        super().setUp()
        self.site = self.folder / "site"
        self.site.mkdir()

    def run_it(self, *words: str) -> tuple[int, str, str]:
        path = os.pathsep.join([str(self.site), str(ROOT)])
        done = subprocess.run(
            [sys.executable, "-P", *words],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=GUARD,
        )
        return done.returncode, done.stdout, done.stderr

    def listing(self) -> tuple[dict[str, tuple[str, str]], list[str]]:
        """Return what is listed and not bundled, by name, and the problems."""
        code, out, err = self.run_it("-m", "smartserial", "protocols", "--format", "json")
        self.assertEqual((code, err), (0, ""))
        said = json.loads(out)
        found = {
            one["name"]: (one["version"], one["source"])
            for one in said["protocols"]
            if one["source"] != "bundled"
        }
        return found, [f"{one['where']}: {one['problem']}" for one in said["problems"]]

    def install(self, entries: str, dist: str = "acme") -> None:
        """Make what an installer makes of a package with entry points."""
        self.write(
            f"site/{dist}-1.2.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.2\n"
        )
        self.write(f"site/{dist}-1.2.dist-info/entry_points.txt", f"[smartserial.protocols]\n{entries}\n")

    def test_an_entry_point(self) -> None:
        self.write("site/acme/__init__.py", "")
        self.write("site/acme/mast.py", mast("1.0.0.3"))
        self.install("acme-mast = acme.mast:Mast")
        self.assertEqual(self.listing(), ({"acme-mast": ("1.0.0.3", "entry point")}, []))
        self.assertEqual(self.run_it("-m", "smartserial", "check", "acme-mast")[0], 0)
        code, out, _ = self.run_it("-m", "smartserial", "explain", "acme-mast@1.0.0.3")
        self.assertEqual((code, out.splitlines()[0]), (0, "Mast 1.0.0.1"))
        self.write("site/input", "wind\r")
        _, out, err = self.run_it("-m", "smartserial", "decode", "acme-mast", "site/input", "--input", "raw")
        self.assertIn("wind", out, err)

    def test_a_zope_plugin(self) -> None:
        self.write("site/smartserial/protocols/ss_acme_mast.py", mast("1.0.0.4"))
        self.assertEqual(self.listing(), ({"acme-mast": ("1.0.0.4", "zope plugin")}, []))
        code, out, err = self.run_it("-m", "smartserial", "check", "acme-mast")
        self.assertEqual((code, err), (0, ""), out)
        made = [path.name for path in (self.site / "smartserial" / "protocols").iterdir()]
        self.assertEqual(made, ["ss_acme_mast.py"])  # no cache

    def test_a_plugin_without_our_base_class(self) -> None:
        text = """
            from twisted.plugin import IPlugin
            from zope.interface import implementer
            from smartserial.definition.protocol import Protocol
            from smartserial.interfaces import IDeviceProtocol

            @implementer(IPlugin, IDeviceProtocol)
            class Own:
                name, version, options = "own", "1.0.0.1", {}
                def definition(self, options):
                    return Protocol("Own")
                def reactions(self, options):
                    return []

            own = Own()
            """
        self.write("site/smartserial/protocols/ss_own.py", text)
        self.assertEqual(self.listing(), ({"own": ("1.0.0.1", "zope plugin")}, []))

    def test_precedence(self) -> None:
        self.write("site/acme.py", mast("1.0.0.3"))
        self.install("acme-mast = acme:Mast\nvisca = visc:Visca")
        visca = mast("0.5.0.0").replace('"acme-mast"', '"visca"')
        self.write("site/visc.py", visca.replace("Mast", "Visca"))
        self.write("site/smartserial/protocols/ss_acme_mast.py", mast("9.0.0.0"))
        self.write("site/smartserial/protocols/ss_double.py", mast("1.0.0.3"))
        script = """
            import sys
            from pathlib import Path
            from smartserial.catalog import Catalog
            for name in sys.argv[1:]:
                found = Catalog().find(name)
                print(found.full_name, found.source.value)
            """
        self.write("find.py", script)
        names = ["acme-mast", "acme-mast@9.0.0.0", "visca", "visca@1.0.0.1"]
        self.assertEqual(
            self.run_it("find.py", *names)[1].splitlines(),
            [
                "acme-mast@1.0.0.3 entry point",
                "acme-mast@9.0.0.0 zope plugin",
                "visca@0.5.0.0 entry point",
                "visca@1.0.0.1 bundled",
            ],
        )
        [problem] = self.listing()[1]
        self.assertIn("ss_double.py: acme-mast@1.0.0.3 is never taken", problem)

    def test_what_is_broken_disturbs_nothing(self) -> None:
        self.write("site/acme.py", mast() + "print = None\n")
        self.write("site/bad.py", "import sys\nsys.exit(3)\n")
        self.install(
            "acme-mast = acme:Mast\nacme-bad = bad:Bad\nother-name = acme:mast\nnone = acme:nothing\nodd = ::"
        )
        self.install("acme-mast = acme:mast", "zweite")
        plugins = "site/smartserial/protocols"
        self.write(f"{plugins}/ss_bad.py", "x = 1\nraise RuntimeError('no')\n")
        self.write(f"{plugins}/ss_empty.py", "")
        self.write(f"{plugins}/_helper.py", "raise RuntimeError")
        self.write(f"{plugins}/ss-odd.py", "raise RuntimeError")
        found, problems = self.listing()
        self.assertEqual(found, {"acme-mast": ("1.0.0.1", "entry point")})
        for said, problem in zip(
            (
                "bad.py:2: SystemExit: 3",
                "acme:mast of zweite 1.2: is never taken: acme:Mast of acme 1.2 has the entry point",
                "AttributeError: module 'acme' has no attribute 'nothing'",
                ":: of acme 1.2: ",
                "expected other-name as its name, as its entry point says, found acme-mast",
                "ss_bad.py:2: RuntimeError: no",
                "ss_empty.py: expected an instance of a DeviceProtocol",
            ),
            problems,
            strict=True,
        ):
            self.assertIn(said, problem)
        code, out, err = self.run_it("-m", "smartserial", "protocols")
        lines = out.splitlines()
        self.assertEqual((code, err, lines[0].split()), (0, "", ["name", "version", "source", "description"]))
        self.assertIn("acme-mast   1.0.0.1  entry point  A weather mast.", lines)
        self.assertEqual(lines[-len(problems) - 1], "")
        code, out, _ = self.run_it("-m", "smartserial", "check", "acme-bad")
        self.assertEqual(code, 2)
        self.assertIn("PL01 error", out)

    def test_code_that_everybody_may_write_is_not_run(self) -> None:
        marker = f"open({str(self.folder / 'run')!r}, 'w')\n"
        self.write("site/acme/__init__.py", marker)
        self.write("site/acme/mast.py", marker + mast()).chmod(0o666)
        self.install("acme-mast = acme.mast:Mast")
        open_folder = self.write("site/smartserial/protocols/ss_acme.py", marker + mast()).parent
        open_folder.chmod(0o777)
        found, problems = self.listing()
        self.assertEqual((found, len(problems)), ({}, 2))
        for problem in problems:
            self.assertIn("refused: everybody may write", problem)
        self.assertFalse((self.folder / "run").exists())

    def test_two_files_of_one_name(self) -> None:
        other = self.folder / "other"
        self.write("site/smartserial/protocols/ss_acme.py", mast("1.0.0.1"))
        shutil.copytree(self.site / "smartserial", other / "smartserial")
        script = f"import sys; sys.path.append({str(other)!r})\n"
        script += "from smartserial.cli import main; main(['protocols'])"
        code, out, err = self.run_it("-c", script)
        self.assertEqual((code, err), (0, ""))
        self.assertEqual(out.count("acme-mast"), 1)
        self.assertIn("comes before; rename one of them", out)

    def test_other_commands_import_no_plugin(self) -> None:
        marker = f"open({str(self.folder / 'run')!r}, 'w')\n"
        self.write("site/acme.py", marker + mast())
        self.install("acme-mast = acme:Mast")
        self.write("site/smartserial/protocols/ss_acme.py", marker + mast("1.0.0.2"))
        xml_file = self.write("a.xml", xml())
        for words in (
            (TWISTD, "--help"),
            ("-m", "smartserial", "--help"),
            ("-m", "smartserial", "check", str(xml_file)),
            ("-m", "smartserial", "check", str(self.write("a.yaml", device("{loop: true}")))),
        ):
            self.assertEqual(self.run_it(*words)[0], 0, words)
        self.assertFalse((self.folder / "run").exists())
        self.listing()
        self.assertTrue((self.folder / "run").exists())


class LinesTest(SynchronousTestCase):
    def test_what_is_broken_is_one_printable_line(self) -> None:
        self.assertEqual(str(Broken("a\nb", "c\x1b[2J")), "a\\nb: c\\x1b[2J")
