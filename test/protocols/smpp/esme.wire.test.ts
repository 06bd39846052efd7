import { expect } from 'chai';
import {
  deliver,
  oneBind,
  outbound,
  peerSmsc,
  startBound,
  type BoundWire,
  type PeerSmsc,
} from './support.ts';

describe('the ESME against an independent SMSC', () => {
  let smsc: PeerSmsc;
  let bound: BoundWire;

  beforeEach(async () => {
    smsc = await peerSmsc();
    bound = await startBound(oneBind(smsc.port));
  });
  afterEach(async () => {
    await bound.wire.close();
    smsc.close();
  });

  it('hands over a text and answers only after it was received', async () => {
    const session = await smsc.sessions.next();
    const answer = await deliver(session, { short_message: 'BALANCE' });
    const mo = await bound.seen.mos.next();
    expect(answer.command_status).to.equal(0);
    expect(mo).to.deep.include({
      smsc: 'smsc-a',
      bind: 'main',
      sessionId: bound.sessionId,
      source: '79160000001',
      destination: '7070',
      text: 'BALANCE',
    });
  });

  it('sends a text and gives the id of the SMSC', async () => {
    const receipt = await bound.wire.sendSms(outbound('Your balance is 350 points [1]'));
    expect(receipt).to.deep.equal({ kind: 'accepted', smsc: 'smsc-a', bind: 'main', messageIds: ['1'] });
    const submit = await smsc.submits.next();
    expect(submit.short_message!.message).to.equal('Your balance is 350 points [1]');
    expect(submit.data_coding).to.equal(0);
    expect(submit.destination_addr).to.equal('79160000001');
  });
});
