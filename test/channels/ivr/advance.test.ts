import { expect } from 'chai';
import fc from 'fast-check';
import { REFUSAL_CODES } from '../../../src/errors.ts';
import { advance } from '../../../src/channels/ivr/advance.ts';
import type { CallBook } from '../../../src/channels/ivr/compose.ts';
import { newCall, type CallState, type Effect, type StepInput } from '../../../src/channels/ivr/state.ts';
import { PHRASE_NAMES } from '../../../src/channels/ivr/phrases.ts';
import { FakeCore, shippedBook } from './line.ts';

type Done = Extract<StepInput, { kind: 'outcome' }>['outcome'];

describe('the script step', () => {
  let book: CallBook;
  before(async () => {
    book = await shippedBook();
  });

  /** Runs inputs one after another from the start; keys of a text stand for digits. */
  function run(...inputs: (StepInput | string)[]): { state: CallState; effect: Effect } {
    const begun = advance(book, newCall('en', 'main'), { kind: 'begin', known: true, language: 'en' });
    return inputs.reduce<{ state: CallState; effect: Effect }>(
      ({ state }, input) =>
        advance(book, state, typeof input === 'string' ? { kind: 'digits', digits: input } : input),
      begun,
    );
  }
  const outcome = (result: Done): StepInput => ({ kind: 'outcome', outcome: result });
  const refused = (code: (typeof REFUSAL_CODES)[number], detail = {}): StepInput =>
    outcome({ kind: 'refused', code, detail });
  const verdict = (value: 'ok' | 'wrong' | 'locked' | 'not_set'): StepInput => ({
    kind: 'pin',
    verdict: value,
  });
  const quiet: StepInput = { kind: 'noInput' };
  const wrong: StepInput = { kind: 'noMatch' };

  /** Names of the recordings of an effect, without folder and ending. */
  function files(effect: Effect): string[] {
    if (effect.kind !== 'act' || !('prompt' in effect.action)) return [];
    return effect.action.prompt.map((file) => file.replace(/^.*bonusgate\//, '').replace('.wav', ''));
  }
  const kindOf = (effect: Effect): string => (effect.kind === 'act' ? effect.action.kind : effect.kind);

  it('counts silence and wrong keys apart, three of each', () => {
    expect(kindOf(run(quiet, quiet).effect)).to.equal('ask');
    expect(files(run(quiet).effect)[0]).to.equal('en/call/no-input');
    expect(files(run(wrong).effect)[0]).to.equal('en/call/no-match');
    expect(kindOf(run(quiet, quiet, wrong, wrong).effect)).to.equal('ask');
    for (const inputs of [
      [quiet, quiet, quiet],
      [wrong, quiet, wrong, quiet, wrong],
    ]) {
      const { state, effect } = run(...inputs);
      expect(files(effect)).to.deep.equal(['en/call/operator']);
      expect(advance(book, state, { kind: 'played' }).effect).to.deep.equal({
        kind: 'act',
        action: { kind: 'transfer', extension: 'operator' },
      });
    }
  });

  it('forgets them on success and in another menu', () => {
    expect(kindOf(run(quiet, quiet, '9', quiet, quiet).effect)).to.equal('ask');
    expect(kindOf(run(wrong, wrong, '5', wrong, wrong).effect)).to.equal('ask');
  });

  it('says goodbye instead when there is no operator', () => {
    const { operator: _, ...alone } = book.script;
    const lonely = { ...book, script: alone as typeof book.script };
    let turn = advance(lonely, newCall('ru', 'main'), { kind: 'begin', known: true, language: 'ru' });
    for (let silence = 0; silence < 3; silence++) turn = advance(lonely, turn.state, quiet);
    expect(files(turn.effect)).to.deep.equal(['ru/call/goodbye']);
    expect(advance(lonely, turn.state, { kind: 'played' }).effect).to.deep.include({
      action: { kind: 'hangup' },
    });
  });

  it('asks for the PIN before anything is spent, once per call, and marks it secret', () => {
    const { effect } = run('4');
    expect(effect).to.deep.include({ kind: 'act' });
    expect(effect.kind === 'act' && effect.action).to.include({ kind: 'ask', secret: true, maxDigits: 9 });
    expect(files(run('4', '1234', verdict('ok')).effect)).to.deep.equal(['en/transfer/recipient-ask']);
    expect(files(run('4', '1234', verdict('ok'), '*', '4').effect)).to.deep.equal([
      'en/transfer/recipient-ask',
    ]);
  });

  it('lets a caller try the PIN three times in a call, whatever is wanted', () => {
    const { state, effect } = run(
      '4',
      '1111',
      verdict('wrong'),
      '*',
      '4',
      '2222',
      verdict('wrong'),
      '3333',
      verdict('wrong'),
    );
    expect(files(effect)[0]).to.equal('en/pin/too-often');
    expect(state.stage.kind).to.equal('menu');
    const again = advance(book, state, { kind: 'digits', digits: '4' });
    expect(files(again.effect)[0]).to.equal('en/pin/too-often');
    expect(files(run('4', '1111', verdict('locked')).effect)[0]).to.equal('en/pin/locked');
    expect(files(run('4', '1111', verdict('not_set')).effect)[0]).to.equal('en/pin/not-set');
  });

  const toPoints = ['4', '1234', verdict('ok'), '89160000002'];

  it('understands the recipient as people of the country write it, and never guesses an amount', () => {
    const { effect } = run(...toPoints, '100');
    expect(effect).to.deep.equal({
      kind: 'execute',
      stepId: '1-prepare',
      command: { kind: 'prepare', action: { kind: 'transfer', to: '79160000002', points: 100n } },
    });
    expect(files(run(...toPoints, '0').effect)[0]).to.equal('en/transfer/points-invalid');
    expect(files(run('4', '1234', verdict('ok'), '12345').effect)[0]).to.equal(
      'en/transfer/recipient-invalid',
    );
  });

  it('asks again after a refusal that the caller can mend, at most twice', () => {
    const poor = refused('points_insufficient', { available: 50n });
    const once = run(...toPoints, '100', poor);
    expect(files(once.effect).slice(0, 4)).to.deep.equal([
      'en/refused/points',
      'en/balance/available',
      'en/number/50',
      'en/points',
    ]);
    expect(once.state.stage.kind).to.equal('points');
    expect(run(...toPoints, '100', poor, '90', poor).state.stage.kind).to.equal('points');
    expect(run(...toPoints, '100', poor, '90', poor, '80', poor).state.stage.kind).to.equal('menu');
    expect(run(...toPoints, '100', refused('recipient_unknown')).state.stage.kind).to.equal('recipient');
  });

  it('has words for every refusal, in every language', () => {
    for (const code of REFUSAL_CODES) {
      for (const language of ['en', 'ru'] as const) {
        const { state } = run('1');
        const turn = advance(book, { ...state, language }, refused(code));
        expect(files(turn.effect)[0], code).to.match(new RegExp(`^${language}/(refused|pin|transfer)/`));
      }
    }
  });

  it('tries an unknown outcome once more under the same step id, then apologises and hangs up', () => {
    const first = run('1');
    const second = advance(book, first.state, outcome({ kind: 'unknown' }));
    expect(second.effect).to.deep.equal(first.effect);
    const third = advance(book, second.state, outcome({ kind: 'unknown' }));
    expect(files(third.effect)).to.deep.equal(['en/call/sorry', 'en/call/goodbye']);
    expect(advance(book, third.state, { kind: 'played' }).effect).to.deep.include({
      action: { kind: 'hangup' },
    });
  });

  it('never gives two steps of a call the same id', () => {
    const balance = outcome({ kind: 'done', replayed: false, result: { kind: 'history', entries: [] } });
    const ids = [run('1'), run('1', balance, '1'), run('1', balance, '1', balance, '2')].map(({ effect }) =>
      effect.kind === 'execute' ? effect.stepId : '',
    );
    expect(new Set(ids).size).to.equal(3);
  });

  it('tells an unknown caller so in every language, his own country first, and hangs up', () => {
    const { effect } = advance(book, newCall('en', 'main'), { kind: 'begin', known: false, language: 'en' });
    expect(files(effect)).to.deep.equal(['en/call/unknown', 'ru/call/unknown']);
  });

  it('falls back to the default language as a whole: never half a sentence', () => {
    const english = { ...book.script.phrases, balance: { en: book.script.phrases.balance!.en! } };
    const partly = { ...book, script: { ...book.script, phrases: english } };
    const begun = advance(partly, newCall('ru', 'main'), { kind: 'begin', known: true, language: 'ru' });
    const asked = advance(partly, begun.state, { kind: 'digits', digits: '1' });
    const balance = { available: 1n, held: 0n, pending: 0n, debt: 0n, expiring: [] };
    const told = advance(
      partly,
      asked.state,
      outcome({ kind: 'done', replayed: false, result: { kind: 'balance', balance } }),
    );
    expect(files(told.effect).slice(0, 4)).to.deep.equal([
      'en/balance/available',
      'en/number/1',
      'en/point',
      'en/stop',
    ]);
    expect(files(told.effect)[4]).to.equal('ru/menu/main');
  });

  it('is pure, total, and moves points only after PIN, read-back and key one, whatever is pressed', async () => {
    const core = new FakeCore();
    const result = async (effect: Effect): Promise<StepInput> => {
      if (effect.kind === 'execute') return outcome(await core.execute(effect.stepId, effect.command));
      return effect.kind === 'verifyPin'
        ? verdict(effect.digits === '4321' ? 'ok' : 'wrong')
        : { kind: 'played' };
    };
    /** What a caller may press at each question; most callers answer it. */
    const keys: Record<string, readonly string[]> = {
      menu: ['1', '2', '3', '4', '4', '5', '6', '9', '*'],
      item: ['1', '2', '3', '9', '*'],
      pin: ['4321', '4321', '1111', '*'],
      recipient: ['89160000002', '89160000002', '12345', '*'],
      points: ['100', '100', '0', '*'],
      confirm: ['1', '1', '9', '*'],
    };
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(999), { minLength: 5, maxLength: 60 }), async (choices) => {
        let { state, effect } = run();
        let passed = false;
        for (const choice of choices) {
          const offered = [...(keys[state.stage.kind] ?? ['']), 'quiet', 'wrong'];
          const pressed = offered[choice % offered.length]!;
          let input: StepInput;
          if (effect.kind === 'act' && effect.action.kind === 'ask') {
            const valid = effect.action.pattern.test(pressed);
            input = pressed === 'quiet' ? quiet : valid ? { kind: 'digits', digits: pressed } : wrong;
          } else if (effect.kind === 'act' && effect.action.kind !== 'play') break;
          else input = await result(effect);
          if (input.kind === 'pin' && input.verdict === 'ok') passed = true;
          const readBack = state.stage.kind === 'confirm' ? state.stage.pendingId : '';
          const frozen = JSON.stringify(state, (_, value: unknown) =>
            typeof value === 'bigint' ? String(value) : value,
          );
          const turn = advance(book, state, input);
          expect(
            JSON.stringify(state, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
          ).to.equal(frozen);
          if (turn.effect.kind === 'execute' && turn.effect.command.kind === 'prepare')
            expect(passed).to.equal(true);
          if (turn.effect.kind === 'execute' && turn.effect.command.kind === 'confirm') {
            expect([passed, pressed, turn.effect.command]).to.deep.equal([
              true,
              '1',
              { kind: 'confirm', pendingId: readBack },
            ]);
          }
          if (turn.effect.kind === 'act' && 'prompt' in turn.effect.action)
            expect(turn.effect.action.prompt).not.to.be.empty;
          ({ state, effect } = turn);
        }
      }),
      { seed: 20261126, numRuns: 300 },
    );
    expect([...new Set(core.kinds())]).to.include.members(['confirm', 'cancel', 'history', 'catalogue']);
  });

  it('speaks every phrase that the script must have', async () => {
    const source = await Promise.all(
      ['advance', 'ask', 'outcome'].map((name) =>
        import('node:fs/promises').then((fs) => fs.readFile(`src/channels/ivr/${name}.ts`, 'utf8')),
      ),
    );
    const unused = PHRASE_NAMES.filter((name) => !source.join('').includes(`'${name}'`));
    expect(unused).to.deep.equal([]);
  });
});
