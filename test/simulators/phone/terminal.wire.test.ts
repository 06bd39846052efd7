import { expect } from 'chai';
import {
  phoneBrowse,
  phoneCall,
  phoneSms,
  phoneUssd,
  type PhoneTarget,
  type Terminal,
} from '../../../simulators/phone/terminal.ts';
import { SUBSCRIBERS, startFakeDemo, type FakeDemo } from './fake-network.ts';

describe('the phone in a terminal', () => {
  let demo: FakeDemo;
  let target: PhoneTarget;
  const lines: string[] = [];
  const terminal: Terminal = { write: (line) => lines.push(line) };
  const typing = (...answers: string[]): Terminal => ({
    ...terminal,
    ask: () => Promise.resolve(answers.shift()),
  });

  before(async () => {
    demo = await startFakeDemo();
    target = { url: demo.phone.url, from: SUBSCRIBERS[0]!.msisdn };
  });
  after(() => demo.close());
  beforeEach(() => lines.splice(0));

  it('sends a message and prints the reply', async () => {
    expect(await phoneSms({ ...target, text: 'BALANCE' }, terminal)).to.equal(true);
    expect(lines).to.deep.equal(['You have 500 points. 120 points expire after 31 Dec.']);
  });

  it('says when no reply came', async () => {
    expect(await phoneSms({ ...target, text: 'NOTHING', waitMs: 1, json: true }, terminal)).to.equal(false);
    expect(JSON.parse(lines[0]!)).to.deep.equal({ status: 'unknown', reply: null });
  });

  it('walks through a USSD menu with given answers', async () => {
    expect(await phoneUssd({ ...target, answers: ['2'], json: true }, terminal)).to.equal(true);
    const { screens, end } = JSON.parse(lines[0]!) as { screens: string[]; end: string };
    expect(screens[0]).to.contain('2 Catalogue');
    expect([screens[1], end]).to.deep.equal(['You chose 2', 'final']);
  });

  it('asks the person for the answers that are not given, and cancels at the end of the input', async () => {
    expect(await phoneUssd({ ...target, code: '*100#' }, typing('3'))).to.equal(true);
    expect(lines.at(-1)).to.equal('You chose 3');
    expect(await phoneUssd(target, typing())).to.equal(false);
    expect(lines.at(-1)).to.equal('(aborted by subscriber)');
  });

  it('calls, presses the keys one question at a time, and hangs up when none is left', async () => {
    expect(await phoneCall({ ...target, keys: ['1'] }, terminal)).to.equal(true);
    expect(lines).to.deep.equal([
      'For your points, press 1. To leave, press 0.',
      '> 1',
      'You pressed 1. You have five hundred points.',
      '(call ended: NORMAL_CLEARING)',
    ]);
  });

  it('tells a call that the other side ends', async () => {
    expect(await phoneCall({ ...target, json: true }, typing('0'))).to.equal(true);
    expect(JSON.parse(lines[0]!)).to.have.property('cause', 'NORMAL_CLEARING');
  });

  it('browses and prints each hop and the page', async () => {
    expect(await phoneBrowse({ ...target, address: 'books.example' }, terminal)).to.equal(true);
    expect(lines[0]).to.equal('GET http://books.example/: redirect, 302');
    expect(lines.at(-1)).to.contain('Collect points here');
    expect(await phoneBrowse({ ...target, address: 'nowhere.example' }, terminal)).to.equal(false);
  });

  it('says what is wrong: no demo, no such subscriber', async () => {
    const failure = async (other: Partial<PhoneTarget>): Promise<string> =>
      phoneSms({ ...target, ...other, text: 'x' }, terminal).then(
        () => '',
        (error: unknown) => (error as Error).message,
      );
    expect(await failure({ url: 'http://127.0.0.1:1/phone' })).to.contain('start the demo first');
    expect(await failure({ from: '79990000000' })).to.equal('79990000000 is no demo subscriber');
  });
});
