import { expect } from 'chai';
import { earn } from '../../src/ledger/decide/earn.ts';
import { NEVER } from '../../src/ledger/lots.ts';
import type { Notice, Operation } from '../../src/ledger/operation.ts';
import { wallet } from '../support/ledger.ts';
import { CLASS, DAY_ZERO, MemoryLedger } from '../support/memory-ledger.ts';

const [ANNA, BORIS] = [1, 2];

describe('a message to others', () => {
  let ledger: MemoryLedger;
  beforeEach(() => {
    ledger = new MemoryLedger().open(ANNA, BORIS);
  });

  const notice = (subscriber: number): Notice => ({
    subscriber,
    priority: 1,
    smsc: null,
    source: '2500',
    destination: '79160000002',
    body: 'look',
    receipt: true,
  });
  const telling = (notices: readonly Notice[], refused = false): Pick<Operation, 'keys' | 'decide'> => {
    const part = earn({
      to: wallet(ANNA),
      points: 1n,
      classId: CLASS.earned,
      expiresAt: () => NEVER,
      from: 'issue',
      kind: 'earn',
      debtSharePpm: 0n,
    });
    const refusal = { kind: 'refused', code: 'limit_exceeded', detail: {} } as const;
    return {
      ...part,
      decide: (view) => ({ ...part.decide(view), notices, ...(refused && { refused: refusal }) }),
    };
  };

  it('lies in the home of whom it is for, under the trace of what it tells, due at once', () => {
    const request = ledger.newRequest();
    const posted = ledger.decide(telling([notice(ANNA), notice(BORIS)]), request);
    const rows = ledger.outbox.map(({ home, subscriber, trace, dueAt }) => ({
      home,
      subscriber,
      trace,
      dueAt,
    }));
    const both = { trace: request.trace, dueAt: DAY_ZERO };
    expect(rows).to.deep.equal([
      { home: wallet(ANNA).home, subscriber: ANNA, ...both },
      { home: wallet(BORIS).home, subscriber: BORIS, ...both },
    ]);
    expect(posted).to.have.property('notices').that.deep.equals(ledger.outbox);
    expect(new Set(ledger.outbox.map(({ id }) => id)).size).to.equal(2);
  });

  it('is written once, however often the request is repeated', () => {
    const request = ledger.newRequest();
    ledger.decide(telling([notice(BORIS)]), request);
    const again = ledger.decide(telling([notice(BORIS)]), request);
    expect(again).to.deep.include({ replayed: true }).and.not.to.have.property('notices');
    expect(ledger.outbox).to.have.length(1);
  });

  it('is not written when the operation is refused, even where the refusal changes something', () => {
    ledger.decide(telling([notice(BORIS)], true));
    expect(ledger.outbox).to.deep.equal([]);
  });

  it('that is for nobody is a bug, and nothing of its operation remains', () => {
    const [decided] = ledger.batch([
      { ...telling([notice(BORIS), notice(0)]), request: ledger.newRequest() },
    ]);
    expect(decided).to.have.property('bug');
    expect(ledger.outbox).to.deep.equal([]);
    expect(ledger.transfers).to.deep.equal([]);
    expect(ledger.available(ANNA)).to.equal(0n);
  });
});
