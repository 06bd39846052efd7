import { expect } from 'chai';
import { startSmpp, type SmppWire } from '../../protocols/smpp/esme.ts';
import type { SmppDeps } from '../../protocols/smpp/deps.ts';
import { newTraceId } from '../../src/runtime/ids.ts';
import { startSmsc, type Smsc } from '../../simulators/smsc/smsc.ts';
import { startUssdCentre, type UssdCentre } from '../../simulators/ussd-centre/ussd-centre.ts';
import { oneBind, recordingDeps, type Recorded } from '../protocols/smpp/support.ts';

const MSISDN = '79160000001';
const LOGIN = { systemId: 'bonus', password: 'secret' };
/** What conf/demo.yaml has to say for these simulators. */
const USSD_BIND = { kind: 'ussd', ussd: { sessionKey: 'its_session_info' } };
const SMS_BIND = { moIdentity: 'user_message_reference' };

describe('our SMPP wire against the simulators', () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });
  const gateway = async (
    port: number,
    bind: object,
    overrides: Partial<SmppDeps> = {},
  ): Promise<{ wire: SmppWire; seen: Recorded }> => {
    const { deps, seen } = recordingDeps(overrides);
    const wire = startSmpp(oneBind(port, bind), deps);
    closers.push(() => wire.close());
    await seen.starts.next();
    return { wire, seen };
  };
  const smsc = async (): Promise<Smsc> => {
    const started = await startSmsc({ ...LOGIN, retryDelayMs: 1 });
    closers.push(() => started.close());
    return started;
  };
  const centre = async (): Promise<UssdCentre> => {
    const started = await startUssdCentre(LOGIN);
    closers.push(() => started.close());
    return started;
  };
  const mt = (text: string, receipt = false) => ({
    id: '1',
    trace: newTraceId(),
    source: '1010',
    destination: MSISDN,
    text,
    receipt,
    priority: 'reply' as const,
  });

  it('a long message in each alphabet arrives whole in both directions', async () => {
    const peer = await smsc();
    const { wire, seen } = await gateway(peer.port, SMS_BIND);
    const handset = peer.handset(MSISDN);
    for (const text of ['points € [x] '.repeat(30), 'баллы 😀 '.repeat(40)]) {
      expect((await handset.send(text, '1010')).kind).to.equal('delivered');
      expect((await seen.mos.next()).text).to.equal(text);
      expect((await wire.sendSms(mt(text))).kind).to.equal('accepted');
      const { text: read, parts } = await handset.next();
      expect(read).to.equal(text);
      expect(parts).to.be.greaterThan(1);
    }
  });

  it('a message is the same one when it comes again, and another one when the subscriber sends it again', async () => {
    const peer = await smsc();
    const { seen } = await gateway(peer.port, SMS_BIND);
    peer.faults.redeliverTwice = true;
    await peer.handset(MSISDN).send('BALANCE', '1010');
    await peer.handset(MSISDN).send('BALANCE', '1010');
    const identities = seen.mos.all.map(({ identity }) => identity);
    expect(identities).to.deep.equal(['1', '1', '1', '2', '2', '2']);
  });

  it('a temporary trouble of ours is asked about again', async () => {
    const peer = await smsc();
    const verdicts = ['retry', 'full', 'done'] as const;
    let asked = 0;
    await gateway(peer.port, SMS_BIND, { receiveMo: () => Promise.resolve(verdicts[asked++]!) });
    const status = await peer.handset(MSISDN).send('BALANCE', '1010');
    expect(status).to.include({ kind: 'delivered', attempts: 3 });
  });

  it('a receipt finds its message', async () => {
    const peer = await smsc();
    const { wire, seen } = await gateway(peer.port, SMS_BIND);
    const sent = await wire.sendSms(mt('hello', true));
    const receipt = await seen.receipts.next();
    expect(sent).to.deep.include({ kind: 'accepted', messageIds: [receipt.messageId] });
    expect(receipt.messageState).to.equal('delivered');
  });

  it('half a TRANSFER before a cut is never dispatched, and the bind comes back', async () => {
    const peer = await smsc();
    const { seen } = await gateway(peer.port, SMS_BIND);
    peer.cutMidPdu();
    await seen.starts.next();
    await peer.handset(MSISDN).send('BALANCE', '1010');
    expect(seen.mos.all.map(({ text }) => text)).to.deep.equal(['BALANCE']);
  });

  it('a USSD dialogue walks from the code to the last screen, in two alphabets', async () => {
    const peer = await centre();
    const { seen } = await gateway(peer.port, USSD_BIND, {
      takeUssdTurn: (turn) => {
        seen.turns.put(turn);
        const end = turn.kind === 'continue';
        return Promise.resolve({ text: end ? 'У вас 500 баллов' : '1 Balance [€]', end });
      },
    });
    const dialogue = peer.dial(MSISDN, '*100#');
    expect(await dialogue.next()).to.deep.equal({ text: '1 Balance [€]', final: false });
    dialogue.answer('1');
    expect(await dialogue.next()).to.deep.equal({ text: 'У вас 500 баллов', final: true });
    expect(await dialogue.ended).to.equal('final');
    const [begin, answer] = seen.turns.all;
    expect(begin).to.include({ kind: 'begin', text: '*100#', msisdn: MSISDN });
    expect(answer).to.include({ kind: 'continue', text: '1', sessionKey: begin!.sessionKey });
  });

  it('a USSD abort names the dialogue it ends', async () => {
    const peer = await centre();
    const { seen } = await gateway(peer.port, USSD_BIND);
    const dialogue = peer.dial(MSISDN, '*100#');
    await dialogue.next();
    dialogue.abort();
    const [begin, abort] = [await seen.turns.next(), await seen.turns.next()];
    expect(abort).to.include({ kind: 'abort', sessionKey: begin.sessionKey });
  });
});
