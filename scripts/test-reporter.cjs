/**
 * Mocha's spec reporter, with a last line that a machine can read: "12 passed, 0 failed, 3 skipped".
 *
 * Where BONUSGATE_TEST_COUNTS names a file, the counts are appended to it, so that .ci/run can add up several runs.
 *
 * Tests that leave something open fail: a minute after the last one, what is still open is named and the process ends.
 */
const { appendFileSync } = require('node:fs');
const { reporters } = require('mocha');

const GRACE_MS = 60_000;

module.exports = class TestReporter extends reporters.Spec {
  epilogue() {
    super.epilogue();
    const { passes, failures, pending } = this.stats;
    console.log(`${passes} passed, ${failures} failed, ${pending} skipped`);
    const file = process.env.BONUSGATE_TEST_COUNTS;
    if (file)
      appendFileSync(file, `${JSON.stringify({ passed: passes, failed: failures, skipped: pending })}\n`);
    setTimeout(() => {
      const open = process.getActiveResourcesInfo().join(', ');
      console.error(`the tests are over, but something they opened is not closed: ${open}`);
      process.exit(1);
    }, GRACE_MS).unref();
  }
};
