import { z } from 'zod';

/** What receipts call a message, and what submit_sm_resp called it. */
const receiptId = z
  .strictObject({
    submit: z
      .enum(['text', 'hex', 'decimal'])
      .default('text')
      .describe('Base of message_id in submit_sm_resp. `text`: compared as it is'),
    receipt: z
      .enum(['text', 'hex', 'decimal'])
      .default('text')
      .describe('Base of the id in receipts; `submit: hex` with `receipt: decimal` is the usual pair'),
    ignoreCase: z.boolean().default(true).describe('Ids that differ in case only are the same'),
    ignoreLeadingZeros: z.boolean().default(true).describe('`0042` and `42` are the same id'),
    meaningless: z
      .array(z.string())
      .default(['msg_id_not_implemented'])
      .describe('Ids that the SMSC gives to every message: no receipt can be matched by them'),
  })
  .prefault({});

const ussdOp = z.int().min(0).max(255);

const ussdOps = z
  .strictObject({
    begin: z
      .array(ussdOp)
      .default([1])
      .describe('ussd_service_op of a new dialogue (PSSR indication, 1 = 0x01)'),
    continue: z.array(ussdOp).default([18]).describe('... of an answer (USSR confirm, 18 = 0x12)'),
    abort: z
      .array(ussdOp)
      .default([129])
      .describe('... of an end by the network or the subscriber (129 = 0x81)'),
    notifyConfirm: z
      .array(ussdOp)
      .default([19])
      .describe('... of a shown notification (USSN confirm, 19 = 0x13)'),
    screen: ussdOp
      .default(2)
      .describe('Sent with a screen that waits for an answer (USSR request, 2 = 0x02)'),
    end: ussdOp.default(17).describe('Sent with the last screen (PSSR response, 17 = 0x11)'),
    notify: ussdOp.default(3).describe('Sent with a notification (USSN request, 3 = 0x03)'),
  })
  .prefault({})
  .describe('Operation octets in decimal; centres document them in either base, see docs/protocols/ussd.md');

const ussd = z.strictObject({
  ops: ussdOps,
  sessionKey: z
    .enum(['its_session_info', 'opaque', 'user_message_reference', 'none'])
    .default('opaque')
    .describe(
      'What names a dialogue. `its_session_info`: upper 15 bits, bit 0 ends it. `opaque`: its_session_info echoed as ' +
        'it came. `none`: the number alone',
    ),
  codeFrom: z
    .enum(['short_message', 'destination'])
    .default('short_message')
    .describe('Where the dialled string stands in the first PDU'),
  gsmCoding: z
    .int()
    .min(0)
    .max(255)
    .default(15)
    .describe('data_coding of a screen in GSM (15 = 0x0F; some want 0)'),
  ucs2Coding: z
    .int()
    .min(0)
    .max(255)
    .default(72)
    .describe('data_coding of a screen in UCS2 (72 = 0x48; some want 8)'),
  languagePrefix: z
    .boolean()
    .default(false)
    .describe('Codings 0x10 and 0x11 carry a language before the text'),
  gsmLimit: z
    .int()
    .min(20)
    .max(254)
    .default(182)
    .describe('Septets that fit one screen (160 at some centres)'),
  ucs2Limit: z.int().min(10).max(127).default(80).describe('UCS2 characters that fit one screen'),
  answerMs: z
    .int()
    .min(100)
    .default(10_000)
    .describe('How long the centre waits for a screen; a later one is not sent'),
  serviceType: z
    .string()
    .max(5)
    .default('')
    .describe('service_type of screens; empty: that of the indication'),
});

const bind = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
      .describe('Unique within the SMSC; shown in logs and metrics'),
    kind: z.enum(['sms', 'ussd']).default('sms').describe('What this bind carries'),
    mode: z.enum(['transceiver', 'receiver', 'transmitter']).default('transceiver').describe('How to bind'),
    origin: z
      .enum(['network', 'untrusted'])
      .default('network')
      .describe(
        '`network`: the operator vouches for the sender. `untrusted`: enquiries only, no points move',
      ),
    systemId: z.string().max(15).optional().describe('Instead of the SMSC entry'),
    password: z
      .string()
      .max(8)
      .optional()
      .describe('Instead of the SMSC entry; `${NAME}` or `file:` for secrets'),
    window: z.int().min(1).max(1000).default(10).describe('Requests sent and not yet answered, at most'),
    ratePerS: z
      .number()
      .min(0.1)
      .max(100_000)
      .default(50)
      .describe('PDUs per second; each part of a long SMS counts'),
    defaultAlphabet: z
      .enum(['gsm', 'latin1', 'ascii'])
      .default('gsm')
      .describe('What data_coding 0 means here'),
    sourceTon: z.int().min(0).max(255).default(0).describe('TON of our short codes'),
    sourceNpi: z.int().min(0).max(255).default(1).describe('NPI of our short codes'),
    destinationTon: z.int().min(0).max(255).default(1).describe('TON of subscribers we send to'),
    destinationNpi: z.int().min(0).max(255).default(1).describe('NPI of subscribers we send to'),
    concatenation: z
      .enum(['udh8', 'udh16', 'sar', 'payload'])
      .default('udh8')
      .describe('How long messages go out: header with 8 or 16 bit reference, SAR TLVs, message_payload'),
    receiptId,
    moIdentity: z
      .string()
      .regex(/^(none|user_message_reference|receipted_message_id|0x[0-9a-fA-F]{4})$/)
      .default('none')
      .describe(
        'Parameter that tells a repeated MO from a new one: none, user_message_reference, receipted_message_id, or the ' +
          'tag of a TLV such as `0x1401`',
      ),
    ussd: ussd.prefault({}).describe('Profile of the USSD centre; read with `kind: ussd` only'),
  })
  .refine((value) => value.kind !== 'ussd' || value.mode === 'transceiver', {
    message: 'a USSD bind is a transceiver: the dialogue goes both ways',
    path: ['mode'],
  });

const smsc = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9-]{0,31}$/)
      .describe('Names the centre in logs, metrics and delivery records'),
    host: z.string().min(1).describe('Host name or address'),
    port: z.int().min(1).max(65_535).default(2775).describe('TCP port'),
    tls: z
      .strictObject({
        caFile: z
          .string()
          .optional()
          .describe('PEM file of the authority that signed the certificate of the SMSC'),
        serverName: z.string().optional().describe('Name in that certificate, when it is not the host'),
        verify: z.boolean().default(true).describe('Refuse a certificate that cannot be verified'),
      })
      .optional()
      .describe('Present: SMPP over TLS'),
    systemId: z.string().max(15).default('bonusgate').describe('Account at the SMSC'),
    password: z
      .string()
      .max(8)
      .default('')
      .describe('At most 8 characters; `${NAME}` or `file:` for secrets'),
    systemType: z.string().max(12).default('').describe('As the operator says, mostly empty'),
    addressRange: z.string().max(40).default('').describe('Short codes to receive for, as the operator says'),
    numberPlan: z
      .strictObject({
        countryCode: z
          .string()
          .regex(/^\d{1,3}$/)
          .describe('For example 7'),
        trunkPrefix: z
          .string()
          .regex(/^\d{0,3}$/)
          .default('')
          .describe('For example 8 in 8 916 ...'),
        nationalLength: z.int().min(4).max(12).describe('Digits of a number without both, for example 10'),
      })
      .optional()
      .describe('How this centre writes national numbers; absent: it sends international ones'),
    reassemblyMs: z
      .int()
      .min(1000)
      .default(300_000)
      .describe('How long the parts of a long MO are waited for'),
    partPatienceMs: z
      .int()
      .min(0)
      .default(2_000)
      .describe(
        'How long the first parts of a long MO stay unanswered; below the response time-out of the SMSC',
      ),
    binds: z.array(bind).min(1).describe('Connections to this SMSC'),
  })
  .refine((value) => new Set(value.binds.map(({ name }) => name)).size === value.binds.length, {
    message: 'bind names of one SMSC must differ',
    path: ['binds'],
  });

/** The `smpp` section: every SMSC and USSD centre this gateway binds to. */
export const smppConfig = z
  .strictObject({
    connectTimeoutMs: z
      .int()
      .min(100)
      .default(10_000)
      .describe('From connect to the answer of the bind request'),
    requestTimeoutMs: z
      .int()
      .min(100)
      .default(10_000)
      .describe('A request without response then counts as unknown'),
    enquireLinkMs: z.int().min(1000).default(30_000).describe('Silence after which the link is checked'),
    enquireLinkTimeoutMs: z.int().min(100).default(10_000).describe('No sign of life for so long: reconnect'),
    reconnectMinMs: z.int().min(10).default(1_000).describe('First wait after a lost connection; doubles'),
    reconnectMaxMs: z
      .int()
      .min(10)
      .default(60_000)
      .describe('Longest wait, and the wait after a refused password'),
    pduLengthMax: z
      .int()
      .min(66_000)
      .max(10_000_000)
      .default(70_000)
      .describe('Longest PDU accepted, in octets'),
    queueMax: z.int().min(1).default(1_000).describe('PDUs that may wait for one bind'),
    queueTimeoutMs: z
      .int()
      .min(100)
      .default(15_000)
      .describe('A message not sent by then is given back for later'),
    moInFlightMax: z
      .int()
      .min(1)
      .default(1_000)
      .describe('MOs of one connection in work; more are throttled'),
    moAnswerMs: z
      .int()
      .min(1000)
      .default(30_000)
      .describe('An MO without verdict by then is answered "later"'),
    closeTimeoutMs: z.int().min(0).default(10_000).describe('How long a stop waits for answers'),
    smscs: z.array(smsc).default([]).describe('Message centres'),
  })
  .refine((value) => new Set(value.smscs.map(({ name }) => name)).size === value.smscs.length, {
    message: 'SMSC names must differ',
    path: ['smscs'],
  })
  .prefault({});

export type SmppConfig = z.output<typeof smppConfig>;
export type SmppSmsc = SmppConfig['smscs'][number];
export type SmppBind = SmppSmsc['binds'][number];
export type SmppUssd = SmppBind['ussd'];
export type SmppReceiptId = SmppBind['receiptId'];
