#!/usr/bin/env python3
"""Tests driver.py: it must pass on a right file and fail on each way a file can be wrong."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

DRIVER = pathlib.Path(__file__).resolve().parent / "driver.py"
COMPILER = sys.argv.pop() if len(sys.argv) > 1 else "g++"

WRONG_TYPE = '#ifdef CASE_text\n// expect-error: {}\nint a = "text";\n#endif\n'


class DriverTest(unittest.TestCase):
    def run_driver(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "x.cc")
            path.write_text(text, encoding="utf-8")
            return subprocess.run([sys.executable, DRIVER, "--compiler", COMPILER, path],
                                  capture_output=True, text=True)

    def expect_failure(self, text, message):
        done = self.run_driver(text)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(message, done.stderr)

    def test_case_that_fails_as_expected_passes(self):
        done = self.run_driver("int ok;\n" + WRONG_TYPE.format("(invalid conversion|cannot init)"))
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_case_that_compiles_fails(self):
        self.expect_failure("#ifdef CASE_fine\n// expect-error: x\nint a = 1;\n#endif\n",
                            "CASE_fine compiles")

    def test_case_with_another_error_fails(self):
        self.expect_failure(WRONG_TYPE.format("no such event"), "without the error")

    def test_one_bad_case_among_good_ones_fails(self):
        self.expect_failure(WRONG_TYPE.format(".") +
                            "#ifdef CASE_fine\n// expect-error: x\nint b = 1;\n#endif\n",
                            "CASE_fine compiles")

    def test_file_that_never_compiles_fails(self):
        self.expect_failure("int a = nothing;\n" + WRONG_TYPE.format("."), "without a case")

    def test_case_without_expectation_fails(self):
        self.expect_failure("#ifdef CASE_a\nint a = 1\n#endif\n", "names no expect-error")

    def test_file_without_a_case_fails(self):
        self.expect_failure("int a = 1;\n", "not understood")

    def test_case_in_another_form_fails(self):
        self.expect_failure(WRONG_TYPE.format(".") + "#if CASE_other == 1\n#endif\n",
                            "not understood")


if __name__ == "__main__":
    unittest.main()
