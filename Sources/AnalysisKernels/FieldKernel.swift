import Numerics

// The transform of the kernel of t-SNE, 1 / (1 + r²), on a grid: both are real and even in both directions, so half is
// enough. Two steps like those of the convolution, which leave their result in `grid.kernel`.

/// Along x: distances of 4 · `group` … 4 · `group` + 3 nodes in y, up to m; `square` is the squared distance of two
/// nodes. `buffer` has n complex numbers. Groups 0 ... m / 4.
public func kernelForward(_ grid: FieldGrid, group: Int, square: Double, _ buffer: ComplexLanes) {
  let (m, n) = (grid.m, grid.n)
  let y = DoubleLanes(0, 1, 2, 3) + Double(4 * group)
  let above = 1 + y * y * square
  for x in 0..<n {
    let distance = Double(x <= m ? x : n - x)
    buffer[2 * x] = 1 / (above + distance * distance * square)
    buffer[2 * x + 1] = DoubleLanes()
  }
  fourierForward(buffer, n, roots: grid.roots)
  let to = grid.spectrum + 4 * group
  for quad in 0..<grid.quads {
    let rows = transposed(
      buffer[2 * grid.place(4 * quad)], buffer[2 * grid.place(4 * quad + 1)],
      buffer[2 * grid.place(4 * quad + 2)], buffer[2 * grid.place(4 * quad + 3)])
    let place = to + (m + 4) * quad
    place[0] = rows.0
    place[1] = rows.1
    place[2] = rows.2
    place[3] = rows.3
  }
}

/// Along y: four frequencies along x. `scales` holds the factor for each frequency of a direction, 0 ..< n + 4, the
/// last ones for the frequencies that are not used.
public func kernelColumns(
  _ grid: FieldGrid, quad: Int, scales: UnsafePointer<Double>, _ buffer: ComplexLanes
) {
  let (m, n) = (grid.m, grid.n)
  for y in 0..<n {
    buffer[2 * y] = grid.spectrum[(m + 4) * quad + (y <= m ? y : n - y)]
    buffer[2 * y + 1] = DoubleLanes()
  }
  fourierForward(buffer, n, roots: grid.roots)
  // The transform along x doubles its input.
  let scale = lanes(scales + 4 * quad) * 0.5
  for k in 0..<n {
    let place = Int(grid.reversed[k])
    grid.kernel[n * quad + place] = buffer[2 * place] * scale * scales[k]
  }
}
