import { expect } from 'chai';
import { createBreaker, FAILURES_TO_OPEN, REST_MS } from '../../src/rules/breaker.ts';

describe('the breaker of a rule', () => {
  const failTimes = (times: number, now = 0) => {
    const breaker = createBreaker();
    const opened = Array.from({ length: times }, () => breaker.failed(3, 'division by zero', now));
    return { breaker, opened };
  };

  it('rests a rule after failures in a row, says so once, and lets it try again later', () => {
    const { breaker, opened } = failTimes(FAILURES_TO_OPEN);
    expect(opened).to.deep.equal([false, false, false, false, true]);
    expect(breaker.admits(REST_MS - 1)).to.equal(false);
    expect(breaker.health(1)).to.include({
      state: 'open',
      failures: 5,
      steps: 15,
      lastFailure: 'division by zero',
    });
    expect(breaker.admits(REST_MS)).to.equal(true);
    expect(breaker.health(REST_MS).state).to.equal('probing');
    expect(breaker.failed(3, 'again', REST_MS)).to.equal(true);
    expect(breaker.admits(2 * REST_MS - 1)).to.equal(false);
  });

  it('forgets failures at the first success', () => {
    const { breaker } = failTimes(FAILURES_TO_OPEN - 1);
    breaker.succeeded(3);
    expect(breaker.failed(3, 'division by zero', 0)).to.equal(false);
    expect(breaker.health(0)).to.include({ state: 'closed', evaluations: FAILURES_TO_OPEN + 1 });
    expect(breaker.admits(0)).to.equal(true);
  });
});
