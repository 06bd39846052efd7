import { Refusal } from '../../src/errors.ts';
import type { ApiDeps } from '../../src/channels/api/routes.ts';

const unused = () => Promise.reject(new Refusal('rule_set_unknown'));

/** Earning's part of the API where a test looks at the wire only. */
export const earningApi: Pick<ApiDeps, 'parameters' | 'rules'> = {
  parameters: { list: unused, define: unused, record: unused, valuesOf: unused },
  rules: {
    check: unused,
    draft: unused,
    list: unused,
    get: unused,
    dryRun: unused,
    replay: unused,
    publish: unused,
    retire: unused,
    assess: unused,
    assessments: unused,
    health: () => ({ version: 0, rules: [] }),
  },
};
