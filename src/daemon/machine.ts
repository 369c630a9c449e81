/** Facts of the machine for `jingu doctor` and for reports. Loaded on demand: systeminformation is not small. */
export async function machineFacts(): Promise<Record<string, unknown>> {
  const si = await import('systeminformation');
  const [cpu, memory, os, temperature, disks] = await Promise.all([
    si.cpu(),
    si.mem(),
    si.osInfo(),
    si.cpuTemperature(),
    si.fsSize(),
  ]);
  return {
    processor: `${cpu.manufacturer} ${cpu.brand}`.trim(),
    cores: cpu.cores,
    memoryMb: Math.round(memory.total / 1_048_576),
    memoryFreeMb: Math.round(memory.available / 1_048_576),
    system: `${os.distro} ${os.release}`,
    kernel: os.kernel,
    architecture: os.arch,
    node: process.version,
    temperatureC: temperature.main,
    disks: disks.slice(0, 16).map((d) => ({
      mount: d.mount,
      sizeMb: Math.round(d.size / 1_048_576),
      freeMb: Math.round(d.available / 1_048_576),
    })),
  };
}
