/** Virtual milliseconds as seconds with three decimals, as every report and every fault writes them: `12.345`. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
