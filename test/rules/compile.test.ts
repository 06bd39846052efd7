import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { createCompiler, ENGINE_VERSION, type CompiledRule } from '../../src/rules/compile.ts';
import { problemText, RuleFailure } from '../../src/rules/problem.ts';
import type { RuleInputs, Variables } from '../../src/rules/value.ts';
import { secondEngine } from './second-engine.ts';

const VARIABLES = {
  amount: 'int',
  currency: 'string',
  partner: 'string',
  occurred_at: 'int',
  registered_at: 'int',
  zone: 'string',
  tier: 'int',
  roaming: 'bool',
  labels: 'strings',
} as const satisfies Variables;

const INPUTS: RuleInputs = {
  amount: 123_456n,
  currency: 'RUB',
  partner: 'fuel-7',
  occurred_at: BigInt(Date.UTC(2026, 2, 31, 21, 30)),
  registered_at: BigInt(Date.UTC(2023, 1, 28, 12)),
  zone: 'Europe/Moscow',
  tier: 2n,
  roaming: false,
  labels: ['fuel', 'night'],
};

const compiler = createCompiler(VARIABLES);

function compiled(source: string, type: 'int' | 'bool' | 'string'): CompiledRule {
  const result = compiler.compile(source, type);
  if (result.kind === 'refused') throw new Error(result.problems.map(problemText).join('\n'));
  return result.rule;
}

function problems(source: string, type: 'int' | 'bool' = 'bool'): string[] {
  const result = compiler.compile(source, type);
  return result.kind === 'refused' ? result.problems.map(problemText) : [];
}

/** Golden cases: a rule, and what it says of {@link INPUTS}. */
const GOLDEN: readonly (readonly [string, bigint | boolean | 'failed'])[] = [
  ['amount * 5 / 100 / 100', 61n],
  ['min(37 / 12 * 50, 500)', 150n],
  ['211 * 20 / 100', 42n],
  ['share_ppm(amount, 50000)', 6_172n],
  ['share_ppm(-1, 500000)', -1n],
  ['-7 / 2', -3n],
  ['-7 % 2', -1n],
  ['max(amount, 9223372036854775807)', 9_223_372_036_854_775_807n],
  ["currency == 'RUB' && amount >= 100000 && !roaming && tier in [2, 3]", true],
  ["labels.exists(label, label == 'fuel') && size(labels) <= 3", true],
  ["labels.all(label, label.startsWith('n'))", false],
  ["size(labels.filter(label, label != 'fuel'))", 1n],
  ["['fuel-7', 'fuel-8'].exists_one(code, code == partner)", true],
  ["re_find(partner, '^fuel-[0-9]+$')", true],
  // 31 March 21:30 UTC is half past midnight of 1 April, a Wednesday, in Moscow.
  ['local_hour(occurred_at, zone)', 0n],
  ['local_day(occurred_at, zone)', 1n],
  ['local_month(occurred_at, zone)', 4n],
  ['local_weekday(occurred_at, zone)', 3n],
  ['months_between(registered_at, occurred_at, zone)', 37n],
  ["days_between(0, 86400000 - 1, 'UTC')", 0n],
  ["days_between(86400000, 0, 'UTC')", -1n],
  ['amount / (tier - 2)', 'failed'],
  ['amount * 9223372036854775807', 'failed'],
  ['roaming && amount / 0 > 1', false],
];

describe('rules', () => {
  for (const [source, expected] of GOLDEN) {
    it(`agrees with a second engine on: ${source}`, () => {
      const type = typeof expected === 'boolean' ? 'bool' : 'int';
      const { evaluate } = compiled(source, type);
      const ours = (): unknown => {
        try {
          return evaluate(INPUTS);
        } catch (error) {
          expect(error).to.be.instanceOf(RuleFailure);
          return 'failed';
        }
      };
      expect(ours()).to.equal(expected);
      expect(secondEngine(VARIABLES, source)(INPUTS)).to.equal(expected);
    });
  }

  it('agrees with a second engine on random arithmetic (P29)', () => {
    const leaf = fc.oneof(
      fc.constantFrom('amount', 'tier', 'occurred_at'),
      fc.bigInt(0n, 9_223_372_036_854_775_807n).map(String),
      fc.integer({ min: 0, max: 40 }).map(String),
    );
    const { number } = fc.letrec<{ number: string }>((tie) => ({
      number: fc.oneof(
        { maxDepth: 3, withCrossShrink: true },
        leaf,
        fc
          .tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), tie('number'))
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc
          .tuple(fc.constantFrom('min', 'max'), tie('number'), tie('number'))
          .map(([f, a, b]) => `${f}(${a}, ${b})`),
        fc
          .tuple(tie('number'), tie('number'), tie('number'))
          .map(([a, b, c]) => `(${a} > ${b} ? ${b} : ${c})`),
      ),
    }));
    const small = fc.bigInt(-1_000_000n, 1_000_000n);
    fc.assert(
      fc.property(number, small, small, (source, amount, tier) => {
        const inputs = { ...INPUTS, amount, tier };
        const { evaluate } = compiled(source, 'int');
        let ours: unknown;
        try {
          ours = evaluate(inputs);
        } catch {
          ours = 'failed';
        }
        expect(ours).to.equal(secondEngine(VARIABLES, source)(inputs));
      }),
      { numRuns: 300 },
    );
  });

  it('names what a rule reads, and bounds what it costs', () => {
    const rule = compiled('tier > 1 && labels.exists(x, x == currency)', 'bool');
    expect(rule.reads).to.deep.equal(['currency', 'labels', 'tier']);
    // && > tier 1, exists and its list once; the three nodes inside for each of 32 items.
    expect(rule.cost).to.equal(4 + 2 + 3 * 32);
  });

  it('hashes what a rule says, not how it is laid out', () => {
    expect(compiled('amount>1\n && roaming', 'bool').hash).to.equal(
      compiled('amount > 1 && roaming', 'bool').hash,
    );
    expect(compiled('amount > 1', 'bool').hash).not.to.equal(compiled('amount > 2', 'bool').hash);
  });

  it('fails, and says why, when helpers exceed what a number holds', () => {
    const { evaluate } = compiled('share_ppm(amount, 9223372036854775807)', 'int');
    expect(() => evaluate({ ...INPUTS, amount: 9_000_000_000_000n })).to.throw(RuleFailure, 'too large');
  });

  it('refuses a value of another type instead of guessing', () => {
    const { evaluate } = compiled('amount + 1', 'int');
    expect(() => evaluate({ ...INPUTS, amount: '5' })).to.throw(RuleFailure, 'amount');
  });

  const REFUSED: readonly (readonly [string, string])[] = [
    ['amount > 1 &&\n  amont < 3', 'line 2, column 3: there is no variable amont'],
    ['amount + "x" == 1', 'line 1, column 1: these types do not go together: int + string'],
    ['amount', 'line 1, column 1: this gives a whole number, wanted is true or false'],
    ['amount >', 'line 1, column 9: something is missing at the end'],
    ['partner.matches("^(a+)+$")', "column 1: there is no method matches; use re_find(text, 'pattern')"],
    ['re_find(partner, partner)', 'column 18: the pattern of re_find must stand in the rule as a text'],
    ["re_find(partner, '(?=x)')", 'column 18: the pattern is not one that RE2 knows'],
    ['labels.exists(a, labels.exists(b, a == b))', 'column 18: exists may not stand inside another walk'],
    ["partner.exists(a, a == 'x')", 'column 1: exists walks only through a list variable'],
    ['labels.exists(amount, true)', 'column 15: amount is a variable; name the item otherwise'],
    ['amount > 9223372036854775808', 'column 10: this number is too large'],
    ['1.5 > 0.5', 'column 1: fractions are not part of rules'],
    ['{"a": 1} == {"a": 1}', 'column 1: maps are not part of rules'],
    ['amount.constructor == 1', 'column 1: rules have plain variables without parts'],
    ['timestamp(0) == timestamp(0)', 'column 1: there is no function timestamp'],
    ['constructor == 1', 'there is no variable constructor'],
    ['dyn(amount) == "x"', 'column 1: there is no function dyn'],
    ['min(amount) > 1', 'there is no min(int)'],
    [`${'('.repeat(30)}roaming${')'.repeat(30)} && ${'!'.repeat(21)}roaming`, 'nested too deeply'],
    [
      `[${Array.from({ length: 200 }, () => "'x'").join(', ')}].size() > 0`,
      'the rule is too long: it has 204 parts',
    ],
    [`partner == '${'x'.repeat(4_000)}'`, 'longer than 4000 characters'],
  ];
  for (const [source, expected] of REFUSED) {
    it(`refuses with its position: ${source.slice(0, 50)}`, () => {
      expect(problems(source).join('\n')).to.include(expected);
    });
  }

  it('takes the largest rule that is allowed', () => {
    const balanced = (count: number): string =>
      count === 1 ? 'roaming' : `(${balanced(Math.ceil(count / 2))} || ${balanced(Math.floor(count / 2))})`;
    expect(problems(balanced(100))).to.deep.equal([]);
  });

  it('knows the version of its engine', () => {
    const manifest = JSON.parse(readFileSync('node_modules/@marcbachmann/cel-js/package.json', 'utf8')) as {
      version: string;
    };
    expect(ENGINE_VERSION).to.equal(`cel-js ${manifest.version}`);
  });
});
