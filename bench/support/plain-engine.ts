/** The same model driven by node-llama-cpp alone, in a process of its own: its own evaluation loop, no scheduler, no frames. */
import { getLlama, LlamaLogLevel } from 'node-llama-cpp';

interface Ask {
  system: string;
  user: string;
  maxTokens: number;
}

const [, , file, contextTokens, threads] = process.argv;
const llama = await getLlama({
  gpu: false,
  build: 'never',
  skipDownload: true,
  maxThreads: Number(threads),
  progressLogs: false,
  logLevel: LlamaLogLevel.error,
});
const started = performance.now();
const model = await llama.loadModel({ modelPath: file! });
const context = await model.createContext({ contextSize: Number(contextTokens), threads: Number(threads) });
const sequence = context.getSequence();
process.send!({ loadMs: performance.now() - started });

process.on('message', (ask: Ask) => void answer(ask));
process.on('disconnect', () => process.exit(0));

async function answer({ system, user, maxTokens }: Ask): Promise<void> {
  await sequence.clearHistory();
  const turn = (role: string, text: string) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
  const from = performance.now();
  const prompt = model.tokenize(`${turn('system', system)}${turn('user', user)}<|im_start|>assistant\n`, true);
  let firstAt = 0;
  let tokens = 0;
  for await (const token of sequence.evaluate(prompt, { temperature: 0 })) {
    model.detokenize([token]);
    firstAt ||= performance.now();
    if (++tokens >= maxTokens) break;
  }
  process.send!({ firstTokenMs: firstAt - from, decodeMs: performance.now() - firstAt, tokens });
}
