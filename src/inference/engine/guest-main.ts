import { fail } from '../../common/index.ts';
import { serveGuest } from '../../guest/index.ts';
import { Engine } from './engine.ts';
import { type LoadedModel, loadModel } from './llama/model.ts';
import type { GenerateParams, LoadParams, PromptParams } from './messages.ts';

/** The engine guest: one process, one model. It holds no key and opens no socket; it ends with its stream. */
let model: LoadedModel | undefined;
let engine: Engine | undefined;
let loading = false;

function loaded(): Engine {
  if (!engine) throw fail('MODEL_NOT_READY', { model: 'this model', state: 'not loaded' });
  return engine;
}

serveGuest({
  methods: {
    load: async (params: LoadParams, { signal }) => {
      if (loading || engine) throw fail('MODEL_LOAD_FAILED', { model: 'this model', reason: 'one is loaded already' });
      loading = true;
      try {
        model = await loadModel(params, signal);
        engine = new Engine(model);
        return model.facts;
      } finally {
        loading = false;
      }
    },
    generate: (params: GenerateParams, { signal, part }) =>
      loaded().generate(params, signal, (p) => {
        // Parts are few and small; the stream's own buffer is enough.
        void part(p);
      }),
    count: (params: { prompt: PromptParams }) => loaded().count(params.prompt),
    stats: () => loaded().stats(),
    drain: async () => {
      await engine?.idle();
      return null;
    },
  },
  onDrain: async () => {
    await engine?.idle();
  },
});
