/** `npm run bench -- engine [--json]`: the starter model through our guest, beside node-llama-cpp alone. */
import { cpus, totalmem } from 'node:os';
import { measureEngine } from './support/engine-speed.ts';

const figures = await measureEngine();
if (!figures) {
  console.error('UNAVAILABLE: no real model (the starter model is not in JINGU_MODELS nor in the cache)');
  process.exit(77);
}
const machine = {
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryMb: Math.round(totalmem() / 2 ** 20),
};
if (process.argv.includes('--json')) console.log(JSON.stringify({ name: 'engine', machine, figures }));
else {
  const { firstTokenMs, tokensPerSecond, cpuMs, loadMs, loopDelayMs } = figures;
  console.log(`${machine.cores} x ${machine.cpu}, ${figures.threads} thread(s), ${figures.promptTokens} prompt tokens`);
  const line = (what: string, { ours, alone, ratio }: typeof loadMs) =>
    console.log(`${what.padEnd(22)} ours ${ours}, node-llama-cpp alone ${alone}, ratio ${ratio}`);
  line('load, ms', loadMs);
  line('first token, ms', firstTokenMs);
  line('tokens per second', tokensPerSecond);
  line('processor ms an answer', cpuMs);
  console.log(`first token when warm, ms: ${figures.warmFirstTokenMs}; engine RSS: ${figures.engineRssMb} MB`);
  for (const [when, { p50, p99, max }] of Object.entries(loopDelayMs)) {
    console.log(`loop delay of the core during ${when}, ms: p50 ${p50}, p99 ${p99}, max ${max}`);
  }
}
