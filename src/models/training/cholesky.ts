/**
 * Solves a symmetric, positive definite system by Cholesky's decomposition, in place: `matrix` (row after row, the lower half is read)
 * becomes its factor, `right` the solution.
 *
 * @returns false when the matrix is not positive definite
 */
export function solve(matrix: Float64Array, right: Float64Array): boolean {
  const size = right.length;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] as number;
      for (let k = 0; k < j; k++) sum -= (matrix[i * size + k] as number) * (matrix[j * size + k] as number);
      if (i !== j) matrix[i * size + j] = sum / (matrix[j * size + j] as number);
      // What is left of the diagonal after rounding is noise.
      else if (sum > 1e-13 * (matrix[i * size + i] as number)) matrix[i * size + i] = Math.sqrt(sum);
      else return false;
    }
  }
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) right[i] = (right[i] as number) - (matrix[i * size + k] as number) * (right[k] as number);
    right[i] = (right[i] as number) / (matrix[i * size + i] as number);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) right[i] = (right[i] as number) - (matrix[k * size + i] as number) * (right[k] as number);
    right[i] = (right[i] as number) / (matrix[i * size + i] as number);
  }
  return true;
}
