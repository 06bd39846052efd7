import { expect } from 'chai';
import fc from 'fast-check';
import type { MoVerdict } from '../../../src/channels/mobile-originated.ts';
import { manualClock, type ManualClock } from '../../../src/runtime/clock.ts';
import { Reassembly, type MessagePart } from '../../../protocols/smpp/reassembly.ts';

interface Bench {
  readonly clock: ManualClock;
  readonly reassembly: Reassembly;
  readonly wholes: string[];
  readonly incomplete: [number, number][];
  verdict: MoVerdict;
  receive(whole: Buffer): Promise<MoVerdict>;
}

function bench(): Bench {
  const clock = manualClock();
  const incomplete: [number, number][] = [];
  const wholes: string[] = [];
  const self: Bench = {
    clock,
    wholes,
    incomplete,
    verdict: 'done',
    reassembly: new Reassembly({
      clock,
      keepMs: 300_000,
      patienceMs: 2_000,
      onIncomplete: (held, total) => incomplete.push([held, total]),
    }),
    receive: (whole) => {
      wholes.push(whole.toString());
      return Promise.resolve(self.verdict);
    },
  };
  return self;
}

const part = (number: number, total: number, text: string, key = 'a/b/1'): MessagePart => ({
  key,
  number,
  total,
  octets: Buffer.from(text),
});

describe('reassembly', () => {
  it('puts parts together in any order, with repeats, once', async () => {
    const order = fc.shuffledSubarray([1, 2, 3, 4, 5], { minLength: 5 });
    await fc.assert(
      fc.asyncProperty(order, fc.array(fc.integer({ min: 1, max: 5 })), async (numbers, repeats) => {
        const { reassembly, receive, wholes } = bench();
        const sent = [...numbers, ...repeats].map((number) =>
          reassembly.add(part(number, 5, `<${number}>`), receive),
        );
        expect(new Set(await Promise.all(sent))).to.deep.equal(new Set(['done']));
        expect(wholes).to.deep.equal(['<1><2><3><4><5>']);
      }),
    );
  });

  it('answers no part before the whole was received', async () => {
    const { reassembly } = bench();
    let release: (verdict: MoVerdict) => void = () => undefined;
    const pending = new Promise<MoVerdict>((resolve) => (release = resolve));
    const answers: MoVerdict[] = [];
    for (const number of [1, 2]) {
      void reassembly.add(part(number, 2, 'x'), () => pending).then((verdict) => answers.push(verdict));
    }
    await Promise.resolve();
    expect(answers).to.deep.equal([]);
    release('never');
    await pending;
    await new Promise((resolve) => setImmediate(resolve));
    expect(answers).to.deep.equal(['never', 'never']);
  });

  it('answers a lonely part after its patience, so that a centre with a window of one goes on', async () => {
    const { reassembly, clock, receive, wholes } = bench();
    const first = reassembly.add(part(1, 2, 'TRANSFER '), receive);
    clock.advance(2_000);
    expect(await first).to.equal('done');
    expect(wholes).to.deep.equal([]);
    expect(await reassembly.add(part(2, 2, '100'), receive)).to.equal('done');
    expect(wholes).to.deep.equal(['TRANSFER 100']);
  });

  it('brings the whole back when one part is delivered again after "later"', async () => {
    const self = bench();
    self.verdict = 'retry';
    const first = self.reassembly.add(part(1, 2, 'A'), self.receive);
    expect(await self.reassembly.add(part(2, 2, 'B'), self.receive)).to.equal('retry');
    expect(await first).to.equal('retry');
    self.verdict = 'done';
    expect(await self.reassembly.add(part(2, 2, 'B'), self.receive)).to.equal('done');
    expect(self.wholes).to.deep.equal(['AB', 'AB']);
  });

  it('does not receive a completed message again when its parts are repeated', async () => {
    const { reassembly, receive, wholes } = bench();
    for (const number of [1, 2, 1, 2]) void reassembly.add(part(number, 2, `${number}`), receive);
    await reassembly.add(part(1, 2, '1'), receive);
    expect(wholes).to.have.length(1);
  });

  it('begins anew when a reference is used again for another text', async () => {
    const { reassembly, receive, wholes } = bench();
    void reassembly.add(part(1, 2, 'old '), receive);
    await reassembly.add(part(2, 2, 'text'), receive);
    void reassembly.add(part(1, 2, 'new '), receive);
    await reassembly.add(part(2, 2, 'text'), receive);
    expect(wholes).to.deep.equal(['old text', 'new text']);
  });

  it('forgets what stays incomplete and says so', () => {
    const { reassembly, receive, clock, incomplete } = bench();
    void reassembly.add(part(2, 3, 'x'), receive);
    clock.advance(300_000);
    expect(incomplete).to.deep.equal([[1, 3]]);
    expect(reassembly.size).to.equal(0);
  });

  it('keeps at most a thousand messages open', () => {
    const { reassembly, receive } = bench();
    for (let id = 0; id < 1_500; id++) void reassembly.add(part(1, 2, 'x', `k${id}`), receive);
    expect(reassembly.size).to.equal(1_000);
  });
});
