import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import type { Command } from '../../../src/channels/command.ts';
import { KEYWORD_KINDS, loadKeywords, type KeywordTable } from '../../../src/channels/sms/keywords.ts';
import { parseSms, type Unparsable, type UnparsableReason } from '../../../src/channels/sms/parse.ts';
import { LANGUAGES } from '../../../src/values/language.ts';
import type { NumberPlan } from '../../../src/values/msisdn.ts';

const RUSSIA: NumberPlan = { countryCode: '7', trunkPrefix: '8', nationalLength: 10 };

/** Short for tables: `transfer 79160000002 100`, `redeem 3`, `confirm 4821`, `language ru`, `? transfer_points`. */
function told(parsed: Command | Unparsable): string {
  switch (parsed.kind) {
    case 'unparsable':
      return `? ${[parsed.reason, parsed.near].filter(Boolean).join(' ')}`;
    case 'language':
      return `language ${parsed.language}`;
    case 'confirm':
      return `confirm ${'code' in parsed ? parsed.code : ''}`;
    case 'prepare': {
      const { action } = parsed;
      if (action.kind === 'redeem') return `redeem ${action.item}`;
      if (action.kind === 'give_back') return `give_back ${String(action.order)}`;
      if (action.kind === 'buy') return `buy ${String(action.points)}`;
      return `transfer ${action.to} ${String(action.points)}`;
    }
    case 'balance':
    case 'history':
    case 'catalogue':
    case 'orders':
    case 'help':
    case 'cancel':
      return parsed.kind;
  }
}

const TABLES: Record<string, readonly (readonly [string, string])[]> = {
  'orders, returns and points for money': [
    ['ORDERS', 'orders'],
    ['мои заказы', 'orders'],
    ['RETURN 1', 'give_back 1'],
    ['возврат №2.', 'give_back 2'],
    ['RETURN', '? give_back_form'],
    ['RETURN 10', '? give_back_form'],
    ['RETURN 1 2', '? give_back_form'],
    ['RETURN coffee', '? give_back_form'],
    ['BUY POINTS 100', 'buy 100'],
    ['buy points 1 000', 'buy 1000'],
    ['КУПИТЬ БАЛЛЫ 100', 'buy 100'],
    ['докупить 50 баллов', 'buy 50'],
    ['BUY POINTS', '? buy_form'],
    ['BUY POINTS 1.5', '? buy_form'],
    ['BUY POINTS 1,000', '? buy_form'],
    ['BUY POINTS 0', '? buy_form'],
    ['BUY 3', 'redeem 3'],
  ],
  'enquiries, in any case, with accents, spaces, punctuation and look-alike letters': [
    ['BALANCE', 'balance'],
    ['balance', 'balance'],
    ['  Bal  ', 'balance'],
    ['b', 'balance'],
    ['Balance!', 'balance'],
    ['"balance"', 'balance'],
    ['balance please', 'balance'],
    ['my balance', 'balance'],
    ['balancé', 'balance'],
    ['\u200ebalance\u200f', 'balance'],
    ['ＢＡＬＡＮＣＥ', 'balance'],
    ['БАЛАНС', 'balance'],
    ['баланс', 'balance'],
    ['Б', 'balance'],
    ['«Баланс»?', 'balance'],
    ['мой   баланс', 'balance'],
    ['БAЛAHC', 'balance'],
    ['BAЛAНC', 'balance near'],
    ['ВАLANCE', 'balance'],
    ['balans', 'balance'],
    ['history', 'history'],
    ['История.', 'history'],
    ['Catalogue', 'catalogue'],
    ['gifts', 'catalogue'],
    ['катaлoг', 'catalogue'],
    ['HELP', 'help'],
    ['?', 'help'],
    ['??', 'help'],
    ['помощь', 'help'],
    ['СПРАВКA', 'help'],
    ['меню', 'help'],
    ['отмена', 'cancel'],
    ['No', 'cancel'],
    ['стоп', 'cancel'],
  ],
  languages: [
    ['LANG EN', 'language en'],
    ['lang ru', 'language ru'],
    ['язык рус', 'language ru'],
    ['ЯЗЫК EN', 'language en'],
    ['english', 'language en'],
    ['Русский', 'language ru'],
    ['LANG', '? language_form'],
    ['LANG FR', '? language_form'],
    ['язык', '? language_form'],
  ],
  confirmations: [
    ['4821', 'confirm 4821'],
    [' 048213 ', 'confirm 048213'],
    ['4821.', 'confirm 4821'],
    ['"4821"', 'confirm 4821'],
    ['YES 4821', 'confirm 4821'],
    ['да 4821', 'confirm 4821'],
    ['код 4821', 'confirm 4821'],
    ['4821 да', 'confirm 4821'],
    ['да4821', 'confirm 4821'],
    ['YES', '? code_form'],
    ['да', '? code_form'],
    ['YES 48', '? code_form'],
    ['YES 4821 4822', '? code_form'],
    ['4821 4822', '? code_form'],
    ['48 21', '? unknown_word'],
  ],
  orders: [
    ['REDEEM 3', 'redeem 3'],
    ['redeem #3', 'redeem 3'],
    ['redeem3', 'redeem 3'],
    ['buy 12.', 'redeem 12'],
    ['Купить 3', 'redeem 3'],
    ['купить №3', 'redeem 3'],
    ['купить номер 3', 'redeem 3'],
    ['КУПИТЬ coffee', 'redeem coffee'],
    ['REDEEM', '? redeem_form'],
    ['REDEEM 3 4', '? redeem_form'],
    ['REDEEM 3,4', '? redeem_form'],
    ['REDEEM -3', '? redeem_form'],
    ['REDEEM 0', '? redeem_form'],
    ['REDEEM ³', '? redeem_form'],
    ['3', '? redeem_form'],
  ],
  transfers: [
    ['TRANSFER 79160000002 100', 'transfer 79160000002 100'],
    ['transfer +79160000002 100', 'transfer 79160000002 100'],
    ['transfer 0079160000002 100', 'transfer 79160000002 100'],
    ['Transfer 89160000002 100', 'transfer 79160000002 100'],
    ['send 9160000002 100', 'transfer 79160000002 100'],
    ['ПЕРЕВОД 8 916 000-00-02 100', 'transfer 79160000002 100'],
    ['перевод +7 (916) 000 00 02 1 000', 'transfer 79160000002 1000'],
    ["перевод 79160000002 1'000'000", 'transfer 79160000002 1000000'],
    ['перевод 79160000002 1\u00a0000', 'transfer 79160000002 1000'],
    ['перевод \u202a+79160000002\u202c 100', 'transfer 79160000002 100'],
    ['перевод:79160000002 100', 'transfer 79160000002 100'],
    ['TRANSFER 79160000002, 100', 'transfer 79160000002 100'],
    ['TRANSFER 79160000002 , 100 !', 'transfer 79160000002 100'],
    ['TRANSFER - 79160000002 - 100', 'transfer 79160000002 100'],
    ['TRANSFER 79160000002 100.', 'transfer 79160000002 100'],
    ['TRANSFER 79160000002 100 points', 'transfer 79160000002 100'],
    ['перевести 100 баллов на 79160000002', 'transfer 79160000002 100'],
    ['перевод 79160000002 100баллов', 'transfer 79160000002 100'],
    ['send 100 to 8 916 000 00 02', 'transfer 79160000002 100'],
    ['send 100 to 79160000002', 'transfer 79160000002 100'],
    ['TRANSFER +380501234567 100', 'transfer 380501234567 100'],
  ],
  'transfers that leave a doubt': [
    ['TRANSFER', '? transfer_form'],
    ['TRANSFER 79160000002', '? transfer_form'],
    ['TRANSFER 100', '? transfer_form'],
    ['TRANSFER 79160000002 1,000', '? transfer_points'],
    ['TRANSFER 79160000002 1.000', '? transfer_points'],
    ['TRANSFER 79160000002 100,00', '? transfer_points'],
    ['TRANSFER 79160000002 1, 000', '? transfer_points'],
    ['TRANSFER 79160000002 1 , 000', '? transfer_points'],
    ['TRANSFER 79160000002 1 . 000', '? transfer_points'],
    ['TRANSFER 79160000002 1 - 000', '? transfer_points'],
    ['TRANSFER 79160000002 1 points 000', '? transfer_points'],
    ['TRANSFER 79160000002 10 00', '? transfer_points'],
    ['TRANSFER 79160000002 1000 000', '? transfer_points'],
    ['TRANSFER 79160000002 -100', '? transfer_points'],
    ['TRANSFER 79160000002 0', '? transfer_points'],
    ['TRANSFER 79160000002 0100', '? transfer_points'],
    ['TRANSFER 79160000002 10²', '? transfer_points'],
    ['TRANSFER 79160000002 ١٠٠', '? transfer_points'],
    ['TRANSFER 79160000002 1e3', '? transfer_points'],
    ['TRANSFER 79160000002 hundred', '? transfer_points'],
    ['TRANSFER 79160000002 99999999999999999', '? transfer_points'],
    ['TRANSFER 79160000002 100 20', '? transfer_points'],
    ['TRANSFER 7916000000 100', '? transfer_number'],
    ['TRANSFER 8916000000 100', '? transfer_number'],
    ['TRANSFER 791600000021 100', '? transfer_number'],
    ['TRANSFER 380501234567 100', '? transfer_number'],
    ['TRANSFER Anna 100', '? transfer_number'],
    ['TRANSFER 9160000001 9160000002 5', '? transfer_points'],
    ['79160000002 100', '? transfer_form'],
  ],
  'what is no command': [
    ['', '? empty'],
    [' \n\t', '? empty'],
    ['...', '? empty'],
    ['balanxe', '? unknown_word balance'],
    ['блаанс', '? unknown_word balance'],
    ['катлог', '? unknown_word catalogue'],
    ['hey you', '? unknown_word'],
    ['😀', '? empty'],
    [`TRANSFER 79160000002 100${' and so on'.repeat(40)}`, '? unknown_word'],
  ],
};

describe('a short message', () => {
  let table: KeywordTable;
  before(() => {
    table = loadKeywords('conf/keywords.yaml').forShortCode('2500');
  });
  const parse = (text: string): string => told(parseSms(text, table, RUSSIA));

  for (const [name, rows] of Object.entries(TABLES)) {
    it(`is understood: ${name}`, () => {
      for (const [text, meaning] of rows) {
        const expected = meaning === 'balance near' ? '? unknown_word balance' : meaning;
        expect(parse(text), JSON.stringify(text)).to.equal(expected);
      }
    });
  }

  it('may be any keyword of the configuration, and is what that keyword stands for', () => {
    for (const kind of KEYWORD_KINDS) {
      for (const language of LANGUAGES) expect(table.find(table.nameOf(kind, language))).to.equal(kind);
    }
  });

  it('never makes the parser throw', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        'TRANSFER',
        'ПЕРЕВОД',
        'REDEEM',
        '79160000002',
        '100',
        '+',
        ' ',
        ',',
        '\u0000',
        '\ud800',
        'LANG',
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        expect(() => parseSms(pieces.join(' '), table, RUSSIA)).not.to.throw();
        expect(() => parseSms(pieces.join(''), table)).not.to.throw();
      }),
      { numRuns: 1000 },
    );
  });

  it('never moves an amount that does not stand in it as written', () => {
    const noise = fc.constantFrom(
      '',
      ' ',
      ' , ',
      ' . ',
      ',',
      '.',
      ', ',
      ' 0',
      '-',
      "'",
      '²',
      'e',
      '\u00a0',
      '٣',
      ' points',
      ' 000',
      ',000',
    );
    const digits = fc.integer({ min: 0, max: 99_999_999 }).map(String);
    const text = fc.tuple(
      fc.constantFrom('79160000002', '8 916 000 00 02', '+7916-000-00-02'),
      noise,
      digits,
      noise,
      noise,
    );
    fc.assert(
      fc.property(text, ([number, ...rest]) => {
        const typed = `TRANSFER ${number} ${rest.join('')}`;
        const parsed = parseSms(typed, table, RUSSIA);
        if (parsed.kind === 'unparsable') return;
        if (parsed.kind !== 'prepare' || parsed.action.kind !== 'transfer') throw new Error(parsed.kind);
        expect(parsed.action.to).to.equal('79160000002');
        const amount = typed.slice('TRANSFER '.length + number.length).replace(/(?: points|[\s.,'-])+$/, '');
        // What a strict reader takes from the same place: one whole number, groups of three, nothing else around it.
        const read =
          /^(?:\s|(?<=\s)[-.,'](?=\s)|points(?=\s))+([1-9]\d*|[1-9]\d{0,2}(?:(?:\s+|')\d{3})+)$/.exec(amount);
        expect(read, typed).not.to.equal(null);
        expect(parsed.action.points, typed).to.equal(BigInt(read![1]!.replace(/\D/g, '')));
      }),
      { numRuns: 3000 },
    );
  });
});

describe('the examples in the answers', () => {
  it('are commands that work', async () => {
    const table = loadKeywords('conf/keywords.yaml').forShortCode('2500');
    const reasons: readonly UnparsableReason[] = [
      'transfer_form',
      'redeem_form',
      'give_back_form',
      'buy_form',
      'language_form',
    ];
    for (const language of LANGUAGES) {
      const source = await readFile(`conf/texts/${language}.yaml`, 'utf8');
      const examples = [
        ...source.matchAll(/(?<![\p{L}])(\p{Lu}{4,}(?: (?:EN|RU|\d{6,} \d+|\d))?)(?![\p{L}\d])/gu),
      ].map((found) => found[1]!);
      expect(examples.length).to.be.greaterThan(15);
      for (const example of examples.filter((word) => !['USSD', 'KINO'].includes(word))) {
        const parsed = parseSms(example, table, RUSSIA);
        const bare = parsed.kind === 'unparsable' && reasons.includes(parsed.reason) && !/\d| /.test(example);
        expect(parsed.kind !== 'unparsable' || bare, `${language}: ${example}`).to.equal(true);
      }
    }
  });
});
