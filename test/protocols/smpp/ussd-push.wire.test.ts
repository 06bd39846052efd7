import { expect } from 'chai';
import { startSmpp, type SmppWire } from '../../../protocols/smpp/esme.ts';
import { startUssdCentre, type UssdCentre } from '../../../simulators/ussd-centre/ussd-centre.ts';
import type { DirectNotice, DirectReceipt, SendDirect } from '../../../src/notify/ports.ts';
import { manualClock } from '../../../src/runtime/clock.ts';
import { newTraceId } from '../../../src/runtime/ids.ts';
import { oneBind, recordingDeps } from './support.ts';

const LOGIN = { systemId: 'bonus', password: 'secret' };
const OPTIONS = { source: '100', confirmMs: 30_000 };

describe('USSD pushes', () => {
  let centre: UssdCentre;
  let wire: SmppWire;
  let push: SendDirect;
  const clock = manualClock();

  beforeEach(async () => {
    centre = await startUssdCentre(LOGIN);
    const { deps, seen } = recordingDeps({ clock });
    wire = startSmpp(oneBind(centre.port, { kind: 'ussd', ussd: { sessionKey: 'its_session_info' } }), deps);
    await seen.starts.next();
    push = wire.pushUssd(OPTIONS);
  });
  afterEach(async () => {
    const closed = wire.close();
    clock.advance(60_000);
    await closed;
    await centre.close();
  });

  const notice = (text: string, to = '79160000001'): DirectNotice => ({
    id: '16 visit 1',
    trace: newTraceId(),
    to,
    subject: '',
    text,
  });
  const pushed = async (count: number): Promise<void> => {
    while (centre.pushes.length < count) await new Promise(setImmediate);
  };

  it('are delivered when the handset has shown them, in either alphabet', async () => {
    expect(await push(notice('Points: 5'))).to.deep.equal({ kind: 'delivered' });
    expect(await push(notice('Баллы: 5'))).to.deep.equal({ kind: 'delivered' });
    expect(centre.pushes).to.deep.equal([
      { msisdn: '79160000001', text: 'Points: 5' },
      { msisdn: '79160000001', text: 'Баллы: 5' },
    ]);
  });

  it('are refused for a handset out of reach and for a text that fits no screen', async () => {
    centre.faults.pushUnreachable = true;
    expect((await push(notice('x'))).kind).to.equal('refused');
    expect(await push(notice('я'.repeat(81)))).to.deep.equal({
      kind: 'refused',
      reason: 'too long for one screen',
    });
    expect(centre.pushes).to.deep.equal([]);
  });

  it('may have been shown when nobody confirms them', async () => {
    centre.faults.silentPush = true;
    const sending = push(notice('x'));
    await pushed(1);
    // The answer to the submit may still be on its way: time must pass after it.
    const ended: DirectReceipt[] = [];
    void sending.then((receipt) => ended.push(receipt));
    while (ended.length === 0) {
      clock.advance(1_000);
      await new Promise(setImmediate);
    }
    expect(ended).to.deep.equal([{ kind: 'unknown', reason: 'no confirm in time' }]);
  });

  it('come one at a time to a handset, and side by side to several', async () => {
    centre.faults.silentPush = true;
    const first = push(notice('x'));
    await pushed(1);
    expect(await push(notice('y'))).to.deep.equal({ kind: 'retry', reason: 'handset is busy' });
    centre.faults.silentPush = false;
    expect(await push(notice('z', '79160000002'))).to.deep.equal({ kind: 'delivered' });
    clock.advance(30_000);
    await first;
  });

  it('can be tried later when no centre is bound', async () => {
    await wire.close();
    expect(await push(notice('x'))).to.deep.equal({ kind: 'retry', reason: 'no bind' });
  });
});
