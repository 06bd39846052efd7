import { celEnv, celFunc, CelScalar, isCelError, listType, parse, plan } from '@bufbuild/cel';
import { HELPERS } from '../../src/rules/helpers.ts';
import type { RuleInputs, ValueType, Variables } from '../../src/rules/value.ts';

const SCALAR = { int: CelScalar.INT, bool: CelScalar.BOOL, string: CelScalar.STRING } as const;

function typeOf(type: ValueType) {
  return type === 'strings' ? listType(CelScalar.STRING) : SCALAR[type];
}

/** Another implementation of the same language: what both say is what the standard says. */
export function secondEngine(variables: Variables, source: string) {
  const funcs = HELPERS.map(({ name, params, result, run }) =>
    celFunc(
      name,
      params.map((param) => SCALAR[param]),
      SCALAR[result],
      run as never,
    ),
  );
  const declared = Object.fromEntries(Object.entries(variables).map(([name, type]) => [name, typeOf(type)]));
  const evaluate = plan(celEnv({ variables: declared, funcs }), parse(source));
  return (inputs: RuleInputs): unknown => {
    const value = evaluate(inputs);
    return isCelError(value) ? 'failed' : value;
  };
}
