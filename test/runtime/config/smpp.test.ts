import { expect } from 'chai';
import { z } from 'zod';
import { smppConfig } from '../../../src/runtime/config/smpp.ts';

const withBind = (bind: object, smsc: object = {}): unknown => ({
  smscs: [{ name: 'north', host: 'smsc', ...smsc, binds: [{ name: 'sms', ...bind }] }],
});
const problem = (value: unknown): string =>
  smppConfig
    .safeParse(value)
    .error!.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    .join('; ');

describe('the smpp section', () => {
  it('may be left out', () => {
    expect(smppConfig.parse(undefined).smscs).to.deep.equal([]);
  });

  it('needs a name and a host, everything else has a default', () => {
    const [smsc] = smppConfig.parse(withBind({})).smscs;
    expect(smsc).to.include({ port: 2775, systemType: '', partPatienceMs: 2_000 });
    expect(smsc!.binds[0]).to.include({
      kind: 'sms',
      mode: 'transceiver',
      window: 10,
      defaultAlphabet: 'gsm',
    });
    expect(smsc!.binds[0]!.ussd).to.include({ sessionKey: 'opaque', gsmCoding: 15, answerMs: 10_000 });
  });

  const mistakes: [string, unknown, RegExp][] = [
    ['an unknown key', withBind({ widnow: 5 }), /widnow/],
    ['a window of 0', withBind({ window: 0 }), /window/],
    ['a password that no bind PDU can carry', withBind({}, { password: '123456789' }), /password/],
    ['a USSD bind that only receives', withBind({ kind: 'ussd', mode: 'receiver' }), /transceiver/],
    ['an identity that is no parameter', withBind({ moIdentity: 'sequence_number' }), /moIdentity/],
    [
      'two binds of one name',
      { smscs: [{ name: 'a', host: 'h', binds: [{ name: 'x' }, { name: 'x' }] }] },
      /differ/,
    ],
    ['a maximum below a message_payload', { pduLengthMax: 16_384 }, /pduLengthMax/],
  ];
  for (const [name, value, text] of mistakes) {
    it(`refuses ${name}`, () => expect(problem(value)).to.match(text));
  }

  it('describes every key', () => {
    const undescribed: string[] = [];
    const look = (schema: Record<string, unknown>, path: string): void => {
      const properties = (schema['properties'] ?? {}) as Record<string, Record<string, unknown>>;
      for (const [key, value] of Object.entries(properties)) {
        const items = value['items'] as Record<string, unknown> | undefined;
        const nested = value['properties'] !== undefined;
        if (!('description' in value) && !nested) undescribed.push(`${path}.${key}`);
        look(value, `${path}.${key}`);
        if (items !== undefined) look(items, `${path}.${key}[]`);
      }
    };
    look(z.toJSONSchema(smppConfig, { io: 'input' }), 'smpp');
    expect(undescribed).to.deep.equal([]);
  });
});
