/**
 * Solves a symmetric, positive definite system by Cholesky's decomposition, in place: `matrix` (row after row, the lower half is read)
 * becomes its factor, `right` the solution.
 *
 * @returns false when the matrix is not positive definite
 */
export function solve(matrix: Float64Array, right: Float64Array): boolean {
  if (!decompose(matrix, right.length)) return false;
  substitute(matrix, right);
  return true;
}

function decompose(matrix: Float64Array, size: number): boolean {
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (matrix[i * size + k] ?? 0) * (matrix[j * size + k] ?? 0);
      if (i !== j) matrix[i * size + j] = sum / (matrix[j * size + j] ?? 0);
      // The rest of the diagonal after rounding is noise.
      else if (sum > 1e-13 * (matrix[i * size + i] ?? 0)) matrix[i * size + i] = Math.sqrt(sum);
      else return false;
    }
  }
  return true;
}

/** Forward with the factor, then backward with its transpose. */
function substitute(factor: Float64Array, right: Float64Array): void {
  const size = right.length;
  for (let i = 0; i < size; i++) {
    let rest = right[i] ?? 0;
    for (let k = 0; k < i; k++) rest -= (factor[i * size + k] ?? 0) * (right[k] ?? 0);
    right[i] = rest / (factor[i * size + i] ?? 0);
  }
  for (let i = size - 1; i >= 0; i--) {
    let rest = right[i] ?? 0;
    for (let k = i + 1; k < size; k++) rest -= (factor[k * size + i] ?? 0) * (right[k] ?? 0);
    right[i] = rest / (factor[i * size + i] ?? 0);
  }
}
