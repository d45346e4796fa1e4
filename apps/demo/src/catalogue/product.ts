import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsNotEmpty, IsString, MaxLength, Min } from 'class-validator';

/** A product without its id, which is in the URL. */
export class ProductDetails {
  @ApiProperty({ example: 'Desk lamp', minLength: 1, maxLength: 200 })
  @IsString()
  @IsNotEmpty()
  @MaxLength(200)
  name!: string;

  @ApiProperty({ type: 'integer', minimum: 0, example: 3900, description: 'In cents' })
  @IsInt()
  @Min(0)
  price!: number;

  @ApiProperty({ type: 'integer', minimum: 0, example: 12 })
  @IsInt()
  @Min(0)
  stock!: number;
}

export class Product extends ProductDetails {
  @ApiProperty({ example: 'desk-lamp' })
  id!: string;
}
