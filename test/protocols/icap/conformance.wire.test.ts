import { expect } from 'chai';
import { conformanceCases, type ConformanceCase } from './conformance-cases.ts';
import { exchange, startTestServer, statuses, type TestServer } from './icap-client.ts';

describe('ICAP conformance', () => {
  let target: TestServer;
  before(async () => {
    target = await startTestServer({ connectionsMax: 17, services: ['reqmod', 'bonus/shop'] });
  });
  after(() => target.close());

  for (const group of new Set(conformanceCases.map((test) => test.group))) {
    describe(group, () => {
      for (const test of conformanceCases.filter((candidate) => candidate.group === group)) {
        it(test.it, () => check(test));
      }
    });
  }

  it('has at least 120 cases', () => {
    expect(conformanceCases.length).to.be.at.least(120);
  });

  async function check(test: ConformanceCase): Promise<void> {
    target.asked.length = 0;
    target.events.length = 0;
    const answer = await exchange(target.port, typeof test.send === 'string' ? [test.send] : test.send);
    expect(statuses(answer), answer.slice(0, 400)).to.deep.equal(test.statuses);
    for (const text of test.contains ?? []) expect(answer).to.include(text);
    for (const text of test.lacks ?? []) expect(answer).not.to.include(text);
    if (test.event !== undefined) expect(target.events).to.include(test.event);
    if (test.asked === null) expect(target.asked).to.be.empty;
    else if (test.asked !== undefined) expect(target.asked[0]).to.deep.include(test.asked);
  }
});
